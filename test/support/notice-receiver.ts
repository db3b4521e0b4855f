import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

export interface Received {
  id: string | undefined;
  body: Record<string, unknown>;
  /** As it came. */
  raw: string;
  headers: IncomingHttpHeaders;
}

/** An HTTP server that takes notices; `answer` says how, by default with 204. */
export async function openReceiver(
  answer: (response: ServerResponse, received: Received) => void = (response) => void response.writeHead(204).end(),
): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const raw = await text(request);
    const { headers } = request;
    const one = { id: headers["webhook-id"]?.toString(), body: JSON.parse(raw), raw, headers };
    received.push(one);
    answer(response, one);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/notices`, received };
}
