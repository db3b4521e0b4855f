/** The receiver of {@link startReceiver}, in a thread of its own: `/<milliseconds>/<n>` answers after that time. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parentPort } from "node:worker_threads";

/** What no checkpoint and no prompt may hold: it is in every answer, many times. */
const RESULT = "RESULT-OF-A-CALL ".repeat(100);

const server = createServer((request, response) => {
  const [, wait = "0", n = "0"] = (request.url ?? "").split("/");
  setTimeout(() => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ id: `id-${n}`, text: RESULT }));
  }, Number(wait));
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => parentPort?.postMessage((server.address() as AddressInfo).port));
