"""Contact sheets."""

from pathlib import Path

import pytest

pytest.importorskip("PIL", reason="the images extra is not installed")

from PIL import Image, ImageFont

from threadpool.imaging import sheet, thumbnails


def save(folder, names, colour="red", size=(60, 40)):
    folder.mkdir(exist_ok=True)
    for name in names:
        Image.new("RGB", size, colour).save(folder / name)
    return [folder / name for name in names]


def place(number):
    """The left top corner of a picture's place."""
    across, down = sheet.PICTURE + sheet.MARGIN, sheet.PICTURE + sheet.TEXT + sheet.MARGIN
    return sheet.MARGIN + number % sheet.COLUMNS * across, sheet.MARGIN + number // sheet.COLUMNS * down


def test_every_picture_has_its_place_and_its_name(tmp_path):
    paths = save(tmp_path / "in", [f"{i:02}.png" for i in range(sheet.COLUMNS + 1)], size=(400, 400))
    paths[3].write_bytes(b"broken")
    page = tmp_path / "sheets" / "sheet.png"
    results = thumbnails(tmp_path / "in", tmp_path / "out", 320, contact_sheet=page, onerror=lambda error: None)
    for _ in paths[1:]:
        next(results)
    assert not page.exists()
    assert next(results, None) is None
    with Image.open(page) as image:
        right, bottom = place(2 * sheet.COLUMNS - 1)
        assert image.size == (
            right + sheet.PICTURE + sheet.MARGIN,
            bottom + sheet.PICTURE + sheet.TEXT + sheet.MARGIN,
        )
        for number in range(len(paths)):
            left, top = place(number)
            frame = image.crop((left, top, left + sheet.PICTURE, top + sheet.PICTURE))
            name = image.crop((left, top + sheet.PICTURE, left + sheet.PICTURE, top + sheet.PICTURE + sheet.TEXT))
            assert name.getextrema()[0][0] < 100
            if number == 3:
                assert frame.getpixel((0, 0)) == sheet._LINE
                assert set(frame.crop((1, 1, sheet.PICTURE - 1, sheet.PICTURE - 1)).tobytes()) == {255}
            else:
                (red, _), (_, green), _ = frame.getextrema()
                assert red > 240
                assert green < 20


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".png", ".webp", ".PNG"])
def test_formats(tmp_path, suffix):
    save(tmp_path / "in", ["a.png"])
    list(thumbnails(tmp_path / "in", tmp_path / "out", 30, contact_sheet=tmp_path / f"sheet{suffix}"))
    with Image.open(tmp_path / f"sheet{suffix}") as image:
        assert image.format == {"jpg": "JPEG", "jpeg": "JPEG"}.get(suffix[1:], suffix[1:].upper())
        assert image.width == sheet.PICTURE + 2 * sheet.MARGIN


def test_several_pages(tmp_path, monkeypatch):
    monkeypatch.setattr(sheet, "ROWS", 2)
    paths = save(tmp_path / "in", [f"{i:03}.png" for i in range(2 * sheet.COLUMNS + 1)])
    list(thumbnails(paths, tmp_path / "out", 30, contact_sheet=tmp_path / "sheet.png"))
    assert sorted(path.name for path in tmp_path.glob("sheet*")) == ["sheet-1.png", "sheet-2.png"]
    with Image.open(tmp_path / "sheet-1.png") as first, Image.open(tmp_path / "sheet-2.png") as second:
        assert first.width > sheet.COLUMNS * sheet.PICTURE
        assert second.width == sheet.PICTURE + 2 * sheet.MARGIN


def test_a_sheet_among_the_thumbnails(tmp_path, monkeypatch):
    """It takes the place of none, nor do its pages, the next time either."""
    names = ["sheet.png", "Sheet-1.png", "sheet-7.jpg", "b.png"]
    save(tmp_path / "in", names)
    out = tmp_path / "out"
    monkeypatch.setattr(sheet, "COLUMNS", 1)
    for rows in (9, 1):
        monkeypatch.setattr(sheet, "ROWS", rows)
        for _ in range(2):
            done = dict(thumbnails(tmp_path / "in", out, 30, contact_sheet=out / "sheet.jpg"))
            targets = {Path(source).name: Path(target).name for source, target in done.items()}
            assert targets == {
                "sheet.png": "sheet.png.jpg",
                "Sheet-1.png": "Sheet-1.png.jpg",
                "sheet-7.jpg": "sheet-7.jpg.jpg",
                "b.png": "b.jpg",
            }
    assert sorted(path.name for path in out.glob("sheet-?.jpg")) == [f"sheet-{number}.jpg" for number in range(1, 5)]


def test_a_sheet_takes_the_place_of_no_picture(tmp_path):
    path, *_ = save(tmp_path / "in", ["a.png", "b.png"])
    before = Path(path).read_bytes()
    with pytest.raises(ValueError, match="contact_sheet must not be below the folder of the pictures"):
        thumbnails(tmp_path / "in", tmp_path / "out", 30, contact_sheet=path)
    with pytest.raises(ValueError, match="contact_sheet must not be below the folder of the pictures"):
        thumbnails(tmp_path / "in", tmp_path / "in" / "out", 30, contact_sheet=tmp_path / "in" / "new.png")
    with pytest.raises(ValueError, match="contact_sheet must not take the place of a picture"):
        list(thumbnails([path], tmp_path / "out", 30, contact_sheet=path))
    assert Path(path).read_bytes() == before


def test_no_pictures(tmp_path):
    list(thumbnails([], tmp_path / "out", 30, contact_sheet=tmp_path / "sheet.png"))
    assert (tmp_path / "sheet.png").exists()


def test_no_sheet_of_what_was_left(tmp_path):
    results = thumbnails(
        save(tmp_path / "in", ["a.png", "b.png"]), tmp_path / "out", 30, contact_sheet=tmp_path / "sheet.png"
    )
    next(results)
    results.close()
    assert not (tmp_path / "sheet.png").exists()


def test_what_is_transparent_is_white(tmp_path):
    Image.new("RGBA", (300, 300), (0, 0, 0, 0)).save(tmp_path / "a.png")
    list(thumbnails([tmp_path / "a.png"], tmp_path / "out", 250, format="png", contact_sheet=tmp_path / "sheet.png"))
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.getpixel((100, 100)) == (255, 255, 255)


@pytest.mark.parametrize("name", ["short.jpg", "x" * 10_000, "Ü 写真 🐍.jpg", "new\nline\udcff", ""])
def test_names_fit_below_their_picture(name):
    font = ImageFont.load_default(12)
    shown = sheet._shortened(name, font)
    assert font.getlength(shown) <= sheet.PICTURE
    assert shown.isprintable()
    if len(name) > 100:
        assert shown.startswith("xxx…"[:3])
        assert "…" in shown
    else:
        assert len(shown) == len(name)
