/**
 * One request over a connection of its own, HTTP/1.1 (RFC 9112). Until the connection stands, nothing was sent, whatever
 * fails; from then on only the receiver's answer tells what happened.
 */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { pipeline, type Transform } from "node:stream";
import { connect as connectTls } from "node:tls";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { explainError, StillUnderWay } from "../../errors.ts";
import { type Address, checkedAddresses, type Network, NotReached } from "./guard.ts";

/** A request with everything filled in. */
export interface Outgoing {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface Answered {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** What nobody knows the outcome of: it was sent, and there is no answer that tells. */
export class NoAnswer extends Error {}

/** The connection ended before the answer did: the receiver may still be at it. */
export class CutOff extends StillUnderWay {}

/** Of an answer, unpacked, in bytes. */
const MAX_BYTES = 1_000_000;

/**
 * Sends it where the tenant lets requests go, and reads the answer, whatever its status. Redirects are not followed.
 * @param allowed the tenant's hosts
 * @throws ActionFailure when nothing was sent; anything else when it was, and no whole answer came
 */
export async function send(
  outgoing: Outgoing,
  { allowed, network, signal }: { allowed: readonly string[]; network: Network; signal: AbortSignal },
): Promise<Answered> {
  const socket = await reach(outgoing.url, { allowed, network, signal });
  try {
    return await exchange(outgoing, socket, signal);
  } finally {
    socket.destroy();
  }
}

interface Way {
  readonly allowed: readonly string[];
  readonly network: Network;
  readonly signal: AbortSignal;
}

async function reach(url: URL, { allowed, network, signal }: Way): Promise<Socket> {
  try {
    signal.throwIfAborted();
    const addresses = await raced(checkedAddresses(url, allowed, network), signal);
    const socket = await connect(url, addresses, { ca: network.ca, signal });
    signal.throwIfAborted();
    return socket;
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new NotReached("failed", `${url.host} was not reached in time: nothing was sent.`, { cause: error });
  }
}

/** The resolver of the system cannot be stopped: what it finds too late is not waited for. */
async function raced<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Connects to one of these addresses, and no other; TLS asks for the name of the host. */
async function connect(
  url: URL,
  addresses: readonly Address[],
  { ca, signal }: { ca: string | undefined; signal: AbortSignal },
): Promise<Socket> {
  const isTls = url.protocol === "https:";
  const base = {
    host: url.hostname,
    port: Number(url.port) || (isTls ? 443 : 80),
    autoSelectFamily: true,
    lookup: (_host: string, _options: object, done: (error: null, found: Address[]) => void) =>
      done(null, [...addresses]),
  } as const;
  const name = isIP(url.hostname) === 0 ? { servername: url.hostname } : {};
  const tls = { ...base, ...name, ALPNProtocols: ["http/1.1"], ...(ca === undefined ? {} : { ca }) };
  const socket = isTls ? connectTls(tls) : connectPlain(base);
  socket.on("error", () => undefined); // what comes of it when nobody waits for it is of no interest
  try {
    await once(socket, isTls ? "secureConnect" : "connect", { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw new NotReached("failed", `${url.host} was not reached: ${explainError(error)}`, { cause: error });
  }
}

async function exchange({ method, url, headers, body }: Outgoing, socket: Socket, signal: AbortSignal) {
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const sent = request({
    ...{ method, path: `${url.pathname}${url.search}`, createConnection: () => socket },
    headers: { ...headers, ...length, host: url.host, "accept-encoding": "identity" },
  });
  sent.on("error", () => undefined); // whoever waits for it hears of it, and nobody else has to
  const stop = () => void sent.destroy(new Error("aborted"));
  signal.addEventListener("abort", stop, { once: true });
  try {
    sent.end(body);
    const upgraded = Promise.withResolvers<never>();
    // Without a listener, neither an answer nor an error would come of it.
    sent.on("upgrade", () => upgraded.reject(new NoAnswer(`${url.host} answered with another protocol.`)));
    const answering = Promise.race([once(sent, "response"), upgraded.promise]);
    const [response] = (await raced(answering, signal)) as [IncomingMessage];
    return await answerOf(response, url);
  } catch (error) {
    if (signal.aborted) throw new CutOff(`${url.host} did not answer in time.`);
    throw error instanceof NoAnswer ? error : new CutOff(`${url.host} gave no answer: ${explainError(error)}`);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** The status tells what happened, also where the rest of an answer that refuses cannot be read. */
async function answerOf(response: IncomingMessage, url: URL): Promise<Answered> {
  const { statusCode: status = 0 } = response;
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(", ")]),
  );
  const isDone = status >= 200 && status < 300;
  try {
    return { status, headers, text: await textOf(response, url) };
  } catch (error) {
    response.destroy();
    if (isDone) throw error;
    return { status, headers, text: "" };
  }
}

const UNPACKERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

async function textOf(response: IncomingMessage, url: URL): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of unpacked(response) as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BYTES) throw new NoAnswer(`${url.host} answered with more than ${MAX_BYTES} bytes.`);
    parts.push(part);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts));
  } catch {
    throw new NoAnswer(`${url.host} answered with something that is no UTF-8 text.`);
  }
}

function unpacked(response: IncomingMessage): AsyncIterable<unknown> {
  const coding = (response.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (coding === "identity" || coding === "") return response;
  const unpack = Object.hasOwn(UNPACKERS, coding) ? UNPACKERS[coding] : undefined;
  if (!unpack) throw new NoAnswer("The answer is packed in a way that is not understood.");
  return pipeline(response, unpack(), () => undefined); // what fails is thrown where it is read
}
