/** Makes moves in a thread of its own, with its own connections to the files that all of them share. */

import { setTimeout as sleep } from "node:timers/promises";
import { type MessagePort, parentPort } from "node:worker_threads";
import { SharedClock } from "./clock.ts";
import type { Order, Reply } from "./crew.ts";
import { makeMove, type Place } from "./make-move.ts";
import { openNotes } from "./notes.ts";

let place: Place | undefined;

async function obey(order: Order): Promise<Reply> {
  if (order.kind === "open") {
    const clock = new SharedClock(order.clock);
    place = { runtime: await openNotes(order.home, clock), clock };
    return {};
  }
  if (!place) return {};
  if (order.kind === "close") {
    const { runtime } = place;
    place = undefined;
    await runtime.close();
    return {};
  }
  await sleep(order.move.delay);
  return { made: await makeMove(place, order.move, order.situation) };
}

parentPort?.on("message", async ({ order, reply }: { order: Order; reply: MessagePort }) => {
  try {
    reply.postMessage(await obey(order));
  } catch (error) {
    reply.postMessage({ defect: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
