/** One call of an action: its time limit, its repeats, and what counts as a failure of its receiver. */
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { FailureStatus } from "../../src/domain/answer.ts";
import { ActionFailure } from "../../src/errors.ts";
import {
  type CallGuard,
  CallHeld,
  CallStopped,
  CallTimeout,
  guardedCall,
  pauseMs,
  repeated,
  timedCall,
} from "../../src/execution/guarded-call.ts";
import { runRead } from "../../src/execution/run-read.ts";
import { findHold } from "../../src/ledger/breakers.ts";
import { defineAction } from "../../src/tools/action.ts";
import type { CallSettings } from "../../src/tools/call-settings.ts";
import { openTestLedger } from "../support/ledger.ts";

const START = Date.parse("2026-11-01T10:00:00.000Z");
const quick = { attempts: 4, pauseMs: 1, maxPauseMs: 5 };
const never = () => new Promise<never>(() => undefined);

async function open(more: Partial<CallGuard> = {}) {
  let time = START;
  const ledger = await openTestLedger();
  const identity = { tenant: "acme", principal: "alice" };
  const now = () => new Date(time).toISOString();
  const { signal } = new AbortController();
  const guard: CallGuard = { ledger, identity, signal, stopped: () => false, now, ...more };
  const pause = () => findHold(ledger, "acme", "look", now());
  const moveOn = (ms: number) => {
    time += ms;
  };
  return { guard, pause, moveOn };
}

const look = (settings: CallSettings = {}) => ({ name: "look", retry: quick, ...settings });
const failing = async () => {
  throw new Error("No route.");
};
const saying = (status: FailureStatus) => async () => {
  throw new ActionFailure(status, "No.");
};

describe("a call", () => {
  it("that does not end in time is left behind, with its signal aborted", async () => {
    const { guard } = await open();
    let seen: AbortSignal | undefined;
    const call = timedCall(guard, look({ timeoutMs: 5 }), (signal) => {
      seen = signal;
      return never();
    });
    await expect(call).rejects.toThrow(new CallTimeout("look", 5));
    expect(seen?.aborted).toBe(true);
  });

  it.each([
    ["its result", async () => "late"],
    ["that it knows that nothing happened", saying("failed")],
  ])("is heard when its signal aborted and it then says %s", async (_what, say) => {
    const { guard } = await open();
    const call = timedCall(guard, look({ timeoutMs: 5 }), async (signal) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return await say();
    });
    const heard = await call.catch((error: unknown) => error);
    if (heard instanceof Error) expect(heard).toBeInstanceOf(ActionFailure);
    else expect(heard).toBe("late");
  });

  it("rejects with the caller's reason when the caller aborts, and is not begun after that", async () => {
    const controller = new AbortController();
    const { guard } = await open({ signal: controller.signal });
    const call = guardedCall(guard, look(), never);
    const begun = vi.fn();
    controller.abort(new Error("Not any more."));
    await expect(call).rejects.toThrow("Not any more.");
    await expect(timedCall(guard, look(), async () => begun())).rejects.toThrow("Not any more.");
    expect(begun).not.toHaveBeenCalled();
  });
});

describe("a read", () => {
  it("is repeated while it fails without knowing why, as often as it says", async () => {
    const { guard } = await open();
    const call = vi
      .fn(failing)
      .mockRejectedValueOnce(new Error("x"))
      .mockResolvedValueOnce("there" as never);
    expect(await repeated(guard, look(), call)).toBe("there");
    expect(call).toHaveBeenCalledTimes(2);
    const down = vi.fn(failing);
    await expect(repeated(guard, look(), down)).rejects.toThrow("No route.");
    expect(down).toHaveBeenCalledTimes(4);
  });

  it.each([
    ["it knows why not", saying("failed")],
    ["its breaker is open", () => Promise.reject(new CallHeld("look", { failures: 5, until: "x", tried: false }))],
  ])("is not repeated when %s", async (_what, answer) => {
    const { guard } = await open();
    const call = vi.fn(answer);
    await expect(repeated(guard, look(), call)).rejects.toBeInstanceOf(ActionFailure);
    expect(call).toHaveBeenCalledOnce();
  });

  it("waits while another call is trying its receiver", async () => {
    const { guard } = await open();
    const call = vi.fn(async () => "there");
    call.mockRejectedValueOnce(new CallHeld("look", { failures: 5, until: "x", tried: true }));
    expect(await repeated(guard, look(), call)).toBe("there");
  });

  // Its pause is an hour: waited for, these would never end.
  const patient = look({ retry: { attempts: 10, pauseMs: 3_600_000, maxPauseMs: 3_600_000 } });

  it("ends its pause at once when it is asked to stop", async () => {
    let stopped = false;
    const { guard } = await open({ stopped: () => stopped });
    const call = vi.fn(async () => {
      setTimeout(() => {
        stopped = true;
      }, 20);
      return await failing();
    });
    await expect(repeated(guard, patient, call)).rejects.toBeInstanceOf(CallStopped);
    expect(call).toHaveBeenCalledOnce();
  });

  it("ends its pause at once when it is aborted", async () => {
    const controller = new AbortController();
    const { guard } = await open({ signal: controller.signal });
    const call = vi.fn(async () => {
      setTimeout(() => controller.abort(new Error("Not any more.")), 20);
      return await failing();
    });
    await expect(repeated(guard, patient, call)).rejects.toThrow("Not any more.");
    expect(call).toHaveBeenCalledOnce();
  });

  it("is no outcome when it was asked to stop between two attempts, and one when it never returns", async () => {
    const read = (settings: CallSettings, run: () => Promise<string>) =>
      defineAction({
        ...{ kind: "read", name: "look", version: 1, title: "Look", description: "Looks.", ...settings },
        input: z.strictObject({}),
        output: z.string(),
        run,
        summarize: () => "Looked.",
      });
    const call = { runId: "run_1", step: "s", args: {} };
    const { guard } = await open({ stopped: () => true });
    expect(await runRead(guard, read({ retry: quick }, failing), call)).toBeUndefined();
    const other = await open();
    const hanging = read({ timeoutMs: 5, retry: { attempts: 1 } }, never);
    const summary = '"look" did not answer within 5 ms.';
    expect(await runRead(other.guard, hanging, call)).toMatchObject({ status: "failed", output: "failed", summary });
  });
});

describe("the pauses", () => {
  it("grow with the attempts, differ from each other, and stay within their limit", () => {
    const action = look({ retry: { attempts: 10, pauseMs: 100, maxPauseMs: 2000 } });
    const drawn = (attempts: number) => Array.from({ length: 200 }, () => pauseMs(action, attempts));
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const means = [1, 2, 3, 4].map((attempts) => mean(drawn(attempts)));
    expect(means).toEqual(means.toSorted((a, b) => a - b));
    expect((means[3] ?? 0) / (means[0] ?? 1)).toBeGreaterThan(4);
    expect(new Set(drawn(2)).size).toBeGreaterThan(100);
    expect(Math.max(...drawn(10))).toBe(2000);
  });
});

describe("the breaker of an action", () => {
  const open5 = { breaker: { failures: 5, openMs: 1000 } };
  const tryOften = async (
    guard: CallGuard,
    call: () => Promise<unknown>,
    settings: CallSettings = open5,
    times = 5,
  ) => {
    for (let n = 0; n < times; n++) await guardedCall(guard, look(settings), call).catch(() => undefined);
  };

  it.each<[string, () => Promise<unknown>, CallSettings]>([
    ["errors", failing, open5],
    ["calls that do not end", never, { ...open5, timeoutMs: 1 }],
    ["failures of which it knows that nothing happened", saying("failed"), open5],
  ])("counts %s", async (_what, call, settings) => {
    const { guard, pause } = await open();
    await tryOften(guard, call, settings);
    expect(await pause()).toMatchObject({ failures: 5, tried: false });
  });

  it.each<FailureStatus>(["no_match", "insufficient_stock", "invalid_request"])(
    "takes %s for an answer",
    async (status) => {
      const { guard, pause } = await open();
      await tryOften(guard, failing, open5, 4);
      await tryOften(guard, saying(status), open5, 1);
      await tryOften(guard, failing, open5, 4);
      expect(await pause()).toBeUndefined();
    },
  );

  it("counts no call that was aborted, and gives its trial to the next one", async () => {
    const { guard, pause, moveOn } = await open();
    await tryOften(guard, failing);
    moveOn(1000);
    const controller = new AbortController();
    const aborted = guardedCall({ ...guard, signal: controller.signal }, look(open5), () => {
      controller.abort();
      return never();
    });
    await expect(aborted).rejects.toThrow();
    expect(await pause()).toBeUndefined();
    expect(await guardedCall(guard, look(open5), async () => "there")).toBe("there");
    await tryOften(guard, failing, open5, 4);
    expect(await pause()).toBeUndefined();
  });

  it("is none where the action wants none", async () => {
    const { guard } = await open();
    const call = vi.fn(failing);
    await tryOften(guard, call, { breaker: false }, 9);
    expect(call).toHaveBeenCalledTimes(9);
  });

  it("lets nothing through while it is open, and says why", async () => {
    const { guard } = await open();
    await tryOften(guard, failing);
    const call = vi.fn(async () => "there");
    await expect(guardedCall(guard, look(open5), call)).rejects.toThrow(
      '"look" failed 5 times in a row, and is left alone until 2026-11-01T10:00:01.000Z.',
    );
    expect(call).not.toHaveBeenCalled();
    expect(await guardedCall(guard, look(open5), call, { byHand: true })).toBe("there");
    expect(await guardedCall(guard, look(open5), call)).toBe("there");
  });

  it("lets one of many calls through when its time is over", async () => {
    const { guard, moveOn } = await open();
    await tryOften(guard, failing);
    moveOn(1000);
    const call = vi.fn(failing);
    const all = await Promise.allSettled(Array.from({ length: 6 }, () => guardedCall(guard, look(open5), call)));
    expect(call).toHaveBeenCalledOnce();
    expect(all.filter(({ status }) => status === "rejected")).toHaveLength(6);
  });

  it("that cannot be told what came of a call takes nothing from it", async () => {
    const { guard } = await open();
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const result = guardedCall(guard, look(), async () => {
      await guard.ledger.destroy();
      return "there";
    });
    expect(await result).toBe("there");
    expect(warned).toHaveBeenCalledOnce();
    warned.mockRestore();
  });
});

describe("settings of a call", () => {
  const define = (settings: CallSettings) =>
    defineAction({
      ...{ kind: "read", name: "look", version: 1, title: "Look", description: "Looks.", ...settings },
      input: z.strictObject({}),
      output: z.string(),
      run: async () => "x",
      summarize: () => "Looked.",
    });

  it.each<[string, CallSettings]>([
    ["timeoutMs", { timeoutMs: 0 }],
    ["timeoutMs", { timeoutMs: 2 ** 31 }],
    ["retry.attempts", { retry: { attempts: 11 } }],
    ["retry.attempts", { retry: { attempts: Number.NaN } }],
    ["retry.pauseMs", { retry: { pauseMs: -1 } }],
    ["breaker.failures", { breaker: { failures: 0 } }],
    ["breaker.openMs", { breaker: { openMs: 1.5 } }],
    ["breaker", { breaker: true as never }],
  ])("with a %s that does not fit are refused, by name", (name, settings) => {
    expect(() => define(settings)).toThrow(`Action "look" has a ${name} that does not fit:`);
  });

  it("may be left out, in whole or in part", () => {
    for (const settings of [{}, { retry: { attempts: 2 } }, { breaker: false as const }]) {
      expect(() => define(settings)).not.toThrow();
    }
  });
});
