"""The pictures in docs/, for light and dark pages: lines of bench_grain, bars of bench_imaging."""

import platform
from pathlib import Path

# Colours that the colour-blind tell apart (Okabe and Ito) and that stand out from white and black; a marker for each.
STYLES = {
    "threadpool": ("#d55e00", "o", "-", "threadpool.run"),
    "multiprocessing": ("#0072b2", "s", "--", "multiprocessing.Pool.map"),
    "joblib_loky": ("#009e73", "^", "-.", "joblib, loky"),
    "executor": ("#cc79a7", "D", ":", "ThreadPoolExecutor.map"),
    "joblib_threads": ("#c99700", "v", (0, (5, 1, 1, 1, 1, 1)), "joblib, threading"),
    "serial": ("#808080", "", "-", "serial loop"),
}
INK = "#7d7d7d"  # as readable on white as on black


def version() -> str:
    return platform.python_version()


def draw(path: Path, speeds: dict[str, list[tuple[float, float]]], title: str) -> None:
    """Speed over the length of an item, both axes logarithmic."""
    pyplot = _pyplot()
    figure, axes = pyplot.subplots(figsize=(8, 5), layout="constrained")
    axes.set_xscale("log")
    axes.set_yscale("log")
    for name, (colour, marker, line, label) in STYLES.items():
        axes.plot(*zip(*speeds[name], strict=True), color=colour, marker=marker, linestyle=line, label=label, lw=2)
    axes.set_xlabel("time of one item in the serial loop")
    axes.set_ylabel("speed, × the serial loop")
    seconds = [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2]
    axes.set_xticks(seconds, ["100 ns", "1 µs", "10 µs", "100 µs", "1 ms", "10 ms"])
    ticks = [0.001, 0.01, 0.1, 0.5, 1, 2]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.legend(frameon=False, loc="lower right")
    _finish(path, figure, axes, title)


BARS = {"pillow": ("#0072b2", "Pillow"), "opencv": ("#009e73", "OpenCV"), "threadpool": ("#d55e00", "threadpool")}


def draw_bars(path: Path, speeds: dict[str, dict[str, float]], unit: str, title: str) -> None:
    """A group of bars for each task, along a logarithmic axis."""
    pyplot = _pyplot()
    figure, axes = pyplot.subplots(figsize=(8, 0.42 * len(speeds) + 1.5), layout="constrained")
    for number, (name, (colour, label)) in enumerate(BARS.items()):
        places = [(task + (number - 1) * 0.27, row[name]) for task, row in enumerate(speeds.values()) if name in row]
        axes.barh(*zip(*places, strict=True), height=0.25, color=colour, label=label)
    axes.set_xscale("log")
    axes.set_xlabel(unit)
    axes.set_xticks([100, 200, 500, 1000, 2000, 5000], ["100", "200", "500", "1000", "2000", "5000"])
    axes.set_yticks(range(len(speeds)), list(speeds))
    axes.invert_yaxis()
    axes.legend(frameon=False, loc="upper center", ncols=len(BARS), bbox_to_anchor=(0.5, -0.06))
    _finish(path, figure, axes, title)


def _pyplot():
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({
        "svg.fonttype": "none", "svg.hashsalt": "threadpool", "font.family": "sans-serif", "font.size": 11,
        "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK,
    })  # fmt: skip
    from matplotlib import pyplot

    return pyplot


def _finish(path: Path, figure, axes, title: str) -> None:
    axes.set_title(title, fontsize=12)
    axes.minorticks_off()
    axes.grid(color=INK, alpha=0.3)
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, format="svg", transparent=True, metadata={"Date": None, "Creator": "benchmarks/plot.py"})
    _pyplot().close(figure)
