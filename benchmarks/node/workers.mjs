// What bench_worker.py compares with, done when told: a line "ping_pong 1000" on standard input is answered when it is over.
import { createInterface } from "node:readline";
import { MessageChannel, Worker } from "node:worker_threads";

// Sends back what it gets, one by one; of a stream only the last.
const other = `
  const { workerData: port } = require("node:worker_threads");
  port.on("message", (message) => { if (message !== "stream") port.postMessage(message); });
`;
const { port1, port2 } = new MessageChannel();
new Worker(other, { eval: true, workerData: port2, transferList: [port2] });

const commands = {
  ping_pong: (count) =>
    new Promise((resolve) => {
      let left = count;
      port1.removeAllListeners("message").on("message", () => (--left ? port1.postMessage(0) : resolve()));
      port1.postMessage(0);
    }),

  stream: (count) =>
    new Promise((resolve) => {
      port1.removeAllListeners("message").on("message", resolve);
      for (let number = 1; number < count; number++) port1.postMessage("stream");
      port1.postMessage("last");
    }),

  async start(count) {
    for (let number = 0; number < count; number++) {
      const worker = new Worker("", { eval: true });
      const events = ["online", "exit"].map((event) => new Promise((resolve) => worker.once(event, resolve)));
      await Promise.all(events);
    }
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [command, count] = line.split(" ");
  await commands[command](Number(count));
  console.log("done");
}
process.exit();
