/** Fields that the office's actions share; their messages name the field, the value and what it must be. */
import { domainToASCII } from "node:url";
import { z } from "zod";
import { isZone } from "./zones.ts";

const MAX_PEOPLE = 50;

/** What a mail address looks like; who may have it, only its server knows. No marks that would end a header or a list. */
const ADDRESS =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[\p{L}\p{N}](?:[\p{L}\p{N}.-]*[\p{L}\p{N}])?$/u;

/** Whether a text is a single mail address, without a name. */
export const isAddress = (text: string): boolean =>
  text.length <= 254 && !text.includes("..") && ADDRESS.test(text) && plainDomain(text) !== undefined;

const quoted = (value: unknown): string => JSON.stringify(String(value).slice(0, 80));

/** A mail address, with its domain in small letters. */
function address(name: string) {
  return z
    .string(`${name} must be a mail address`)
    .trim()
    .refine(isAddress, {
      error: ({ input }) => `${name}: ${quoted(input)} is no mail address, such as bob@example.com`,
    })
    .overwrite(smallDomain);
}

/** As servers have it: in small letters and in ASCII, so that letters that only look the same can be told apart. */
function smallDomain(text: string): string {
  const at = text.lastIndexOf("@");
  return at < 0 ? text : `${text.slice(0, at)}@${plainDomain(text) ?? ""}`;
}

/** The domain of an address in ASCII (RFC 5891); undefined where it has none. */
const plainDomain = (text: string): string | undefined =>
  domainToASCII(text.slice(text.lastIndexOf("@") + 1)) || undefined;

/** Several mail addresses; one that is given twice counts once. */
export function addresses(name: string, min = 1) {
  return z
    .array(address(name), `${name} must be a list of mail addresses`)
    .min(min, `${name} must name at least ${min} mail address`)
    .max(MAX_PEOPLE, `${name} must name at most ${MAX_PEOPLE} mail addresses`)
    .overwrite((all) => all.filter((one, index) => all.findIndex((other) => isSamePerson(one, other)) === index));
}

/** Servers may tell capitals in the first part apart; none that is in use does. */
export const isSamePerson = (a: string, b: string): boolean => {
  const [one, other] = [a.toLowerCase(), b.toLowerCase()];
  return one === other || (!isAscii(one + other) && smallDomain(one) === smallDomain(other));
};

const isAscii = (text: string): boolean => /^[\u0020-\u007E]*$/u.test(text);

/** One line of text, trimmed. Control characters would garble the tables that people decide on, and end headers. */
export function line(name: string, max: number) {
  const wrong = `${name} must be one line of 1 to ${max} characters`;
  return z
    .string(wrong)
    .trim()
    .min(1, wrong)
    .max(max, wrong)
    .refine((text) => !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text), wrong);
}

/** Several lines of text. */
export function lines(name: string, max: number) {
  const wrong = `${name} must be a text of 1 to ${max} characters`;
  return z
    .string(wrong)
    .min(1, wrong)
    .max(max, wrong)
    .refine((text) => !/(?![\n\r\t])\p{Cc}|\p{Cs}/u.test(text), `${name} must not hold control characters`);
}

/** A moment, always with its offset. */
export function moment(name: string) {
  return z.iso.datetime({
    offset: true,
    error: ({ input }) => `${name}: ${quoted(input)} is no time with its offset, such as 2030-01-31T09:00:00+01:00`,
  });
}

/** A day. */
export function day(name: string) {
  return z.iso.date({ error: ({ input }) => `${name}: ${quoted(input)} is no day, such as 2030-01-31` });
}

/** The name of a time zone. */
export const TIME_ZONE = z
  .string()
  .refine(isZone, { error: ({ input }) => `timeZone: ${quoted(input)} is no time zone, such as Europe/Berlin` })
  .describe("Default: the office's.");

export const minutes = (name: string) => {
  const wrong = `${name} must be a whole number of minutes, 5 to 1440`;
  return z.int(wrong).min(5, wrong).max(1440, wrong);
};

/** Two times with an order: the end comes after the start, or says what is wrong. */
export function orderFault(start: string, end: string): string | undefined {
  if (Date.parse(end) > Date.parse(start)) return undefined;
  return `end: ${quoted(end)} is not after start, ${quoted(start)}`;
}

/** The id of an event, as create_event gave it. */
export const EVENT_ID = line("id", 500).describe("The id of the event.");
