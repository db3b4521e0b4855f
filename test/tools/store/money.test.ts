import { describe, expect, test } from "vitest";
import { ActionFailure } from "../../../src/errors.ts";
import {
  addCents,
  formatMoney,
  isDollars,
  multiplyCents,
  parseMoney,
  toCents,
  toDollars,
} from "../../../src/tools/store/money.ts";

describe("money", () => {
  test("every amount of cents survives the way to dollars and back, and to text and back", () => {
    const amounts = [0, 1, 5, 9, 10, 29, 30, 57, 99, 100, 101, 435, 1_005, 8_000, 99_999, 100_000, 123_456_789];
    for (let cents = 0; cents < 20_000; cents += 1) amounts.push(cents, 7_000_000_000_000 + cents * 13);
    const lost = amounts.filter(
      (cents) =>
        toCents(toDollars(cents)) !== cents ||
        parseMoney(formatMoney(cents)) !== cents ||
        (cents > 0 && parseMoney(formatMoney(-cents)) !== -cents),
    );
    expect(lost).toEqual([]);
  });

  test("dollars whose product with 100 is not whole in floating point are converted exactly", () => {
    expect(0.29 * 100).not.toBe(29);
    expect([0.1, 0.2, 0.3, 0.29, 0.57, 1.1, 4.35, 19.99, 1.15, -160].map(toCents)).toEqual([
      10, 20, 30, 29, 57, 110, 435, 1_999, 115, -16_000,
    ]);
    expect(addCents(toCents(0.1), toCents(0.2))).toBe(toCents(0.3));
  });

  test("an amount that is no whole number of cents is refused rather than rounded", () => {
    for (const dollars of [0.1 + 0.2, 1.005, 1e-7, 79.999, Number.NaN, Number.POSITIVE_INFINITY, 1e21, 1e15]) {
      expect(isDollars(dollars)).toBe(false);
      expect(() => toCents(dollars)).toThrow(ActionFailure);
    }
  });

  test("amounts beyond the exact range are refused", () => {
    const most = Number.MAX_SAFE_INTEGER;
    expect(formatMoney(most)).toBe("$90,071,992,547,409.91");
    expect(parseMoney(formatMoney(most))).toBe(most);
    expect(() => addCents(most, 1)).toThrow("too large");
    expect(() => multiplyCents(most, 2)).toThrow("too large");
    expect(() => formatMoney(most + 1)).toThrow("too large");
    expect(() => parseMoney("$90,071,992,547,409.92")).toThrow("Not an amount");
  });

  test("text has a sign, a dollar, thousands and two decimals, and nothing else is read as money", () => {
    expect([8_000, -16_000, 5, 0, 123_456_700].map(formatMoney)).toEqual([
      "$80.00",
      "-$160.00",
      "$0.05",
      "$0.00",
      "$1,234,567.00",
    ]);
    for (const text of [
      "80.00",
      "$80",
      "$80.0",
      "$080.00",
      "$-80.00",
      "-$0.00",
      "$1234.00",
      "$1,23.00",
      "",
      "$1e2.00",
    ]) {
      expect(() => parseMoney(text), text).toThrow("Not an amount of money");
    }
  });
});
