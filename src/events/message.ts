/** What an endpoint gets: the same body at each attempt. Nothing in it is personal; see docs/events.md. */
import { canonicalJson, type Json, type JsonObject } from "../domain/json.ts";
import type { Delivery } from "../ledger/deliveries.ts";
import type { NoticeKind } from "../ledger/outbox.ts";
import { maskText } from "../telemetry/mask.ts";
import { forSlack } from "../tools/operations/webhook.ts";

/** Of what is for a person to do, or to look at. */
const TITLES: Record<NoticeKind, string> = {
  approval_needed: "Approval needed",
  approval_expiring: "Approval expiring",
  approval_expired: "Approval expired",
  decided: "Decided",
  run_ended: "Run ended",
  breaker_open: "Receiver left alone",
  automatic_action: "Approved without a person",
};
const OPEN: ReadonlySet<NoticeKind> = new Set<NoticeKind>(["approval_needed", "approval_expiring"]);

/** Where people look at it: a page where there is a server that people reach, and otherwise a command. */
function wayTo(
  { kind, tenant, threadId, proposalId }: Delivery,
  publicUrl: string | undefined,
): { link?: string; command?: string } {
  if (proposalId !== null && publicUrl !== undefined) {
    return { link: `${publicUrl}/review/${encodeURIComponent(proposalId)}` };
  }
  if (threadId === null) return {};
  const verb = OPEN.has(kind) ? "resume" : "show";
  const whose = tenant === "default" ? "" : ` --tenant ${quoted(tenant)}`;
  return { command: `holdpoint ${verb} ${quoted(threadId)}${whose}` };
}

/** As a shell takes it for one word. */
const quoted = (word: string): string => (/^[\w.:@/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/**
 * @param style `standard`: `{ type, timestamp, data }`, as Standard Webhooks has it. `slack`: what its incoming webhooks
 * take (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks)
 * @param publicUrl where people find the server, without a slash at the end
 */
export function bodyOf(style: "standard" | "slack", delivery: Delivery, publicUrl: string | undefined): string {
  const way = wayTo(delivery, publicUrl);
  if (style === "slack") return JSON.stringify(slackOf(delivery, way));
  const { noticeId: id, tenant, kind, threadId, runId, proposalId, text, data, createdAt } = delivery;
  return canonicalJson({
    type: kind,
    timestamp: createdAt,
    data: { ...data, id, tenant, text, threadId, runId, proposalId, ...way },
  });
}

/** Slack takes so many characters in the text of a section. */
const MAX_SLACK = 2_900;

function slackOf({ kind, text, data }: Delivery, { link, command }: { link?: string; command?: string }): JsonObject {
  const title = TITLES[kind];
  const mrkdwn = (said: string): JsonObject => ({ type: "mrkdwn", text: said.slice(0, MAX_SLACK) });
  const context = [impactIn(data.impact), command === undefined ? undefined : `\`${forSlack(maskText(command))}\``];
  const elements = context.filter((one) => one !== undefined).map(mrkdwn);
  const button = { type: "button", text: { type: "plain_text", text: OPEN.has(kind) ? "Review" : "Look at it" } };
  return {
    text: `${title}: ${forSlack(text)}`,
    blocks: [
      { type: "section", text: mrkdwn(`*${title}*\n${forSlack(text)}`) },
      ...(elements.length > 0 ? [{ type: "context", elements }] : []),
      ...(link === undefined ? [] : [{ type: "actions", elements: [{ ...button, url: link }] }]),
    ],
  };
}

function impactIn(impact: Json | undefined): string | undefined {
  if (typeof impact !== "object" || impact === null || Array.isArray(impact)) return undefined;
  return `Impact: ${String(impact.level)}, ${impact.reversible === true ? "can be undone" : "cannot be undone"}`;
}
