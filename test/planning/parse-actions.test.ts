/** Row E1: what a model's answer proposes, in whatever form it stands there; and what it does not. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type ParsedActions, type ParseOptions, parseActions } from "../../src/planning/parse-actions.ts";

const ACTIONS = [
  { name: "update_inventory", input: z.strictObject({ item: z.string(), change: z.number().int() }) },
  {
    name: "create_task",
    input: z.object({
      title: z.string(),
      due: z.iso.date().optional(),
      tags: z.array(z.string()).optional(),
      lines: z.array(z.object({ count: z.number() })).optional(),
    }),
  },
  { name: "send_notification", input: z.strictObject({ recipient: z.string(), message: z.string() }) },
  { name: "generate_report", input: z.strictObject({ kind: z.enum(["daily", "weekly"]).optional() }) },
  { name: "note", input: z.strictObject({ text: z.string() }) },
  { name: "delete_all", input: z.strictObject({}) },
];

const read = (answer: string | unknown[], options?: ParseOptions): ParsedActions =>
  parseActions(answer, ACTIONS, options);
const fence = (tag: string, text: string) => `\`\`\`${tag}\n${text}\n\`\`\``;
const note = (text: string) => ({ action: "note", args: { text } });
const NOTE = JSON.stringify(note("a"));
/** What is proposed, in short. */
const short = ({ actions }: ParsedActions) => actions.map(({ action, args }) => [action, args]);

const SOLD = ["update_inventory", { item: "SG001", change: -2 }];
const TASK = ["create_task", { title: "x" }];
const A = ["note", { text: "a" }];
const B = ["note", { text: "b" }];

const understood: [form: string, answer: string | unknown[], actions: unknown[]][] = [
  ["a list of objects", '[{"action":"update_inventory","args":{"item":"SG001","change":-2}}]', [SOLD]],
  ["one object", NOTE, [A]],
  ["an object with actions", '{"goal":"g","actions":[{"type":"note","parameters":{"text":"a"}}]}', [A]],
  ["an object with steps", '{"steps":[{"id":"s1","tool":"note","input":{"text":"a"}}]}', [A]],
  ["a plan that holds steps", '{"plan":{"goal":"g","steps":[{"name":"note","params":{"text":"a"}}]}}', [A]],
  [
    "arguments beside everything else",
    '{"action":"update_inventory","item":"SG001","change":-2,"reason":"sold"}',
    [SOLD],
  ],
  ["an argument that has the name of another part", '{"action":"create_task","title":"x","confidence":1}', [TASK]],
  [
    "calls as OpenAI's interface writes them",
    '{"tool_calls":[{"id":"call_1","type":"function","function":{"name":"create_task","arguments":"{\\"title\\":\\"x\\"}"}}]}',
    [TASK],
  ],
  ["a call as it was once", '{"function_call":{"name":"note","arguments":"{\\"text\\":\\"a\\"}"}}', [A]],
  ["a name within an action", '{"action":{"name":"note","args":{"text":"a"}},"confidence":0.5}', [A]],
  [
    "no arguments",
    '[{"action":"delete_all"},{"name":"generate_report","arguments":""}]',
    [
      ["delete_all", {}],
      ["generate_report", {}],
    ],
  ],
  [
    "numbers as text, and text as numbers stay text",
    '{"action":"update_inventory","args":{"item":"7","change":"-2"}}',
    [["update_inventory", { item: "7", change: -2 }]],
  ],
  ["comments, and commas before brackets", '[{"action":"note","args":{"text":"a",},}, // why not\n]', [A]],
  ["objects line by line", `${NOTE}\n{"action":"note","args":{"text":"b"}}`, [A, B]],
  ["a byte order mark and Windows' line ends", `\uFEFF[\r\n${NOTE}\r\n]\r\n`, [A]],
  ["a fence", `Here it is:\n${fence("json", `[${NOTE}]`)}\nShall I?`, [A]],
  [
    "several fences, with any tag or none",
    `${fence("javascript", NOTE)}\nand\n${fence("", JSON.stringify(note("b")))}`,
    [A, B],
  ],
  ["a fence of tildes, further right, that is not closed", `- so:\n  ~~~JSON5 title=x\n  ${NOTE}`, [A]],
  ["a fence with a list in words", fence("text", '1. note(text: "a")'), [A]],
  [
    "JSON among words",
    `I would do ${NOTE} and then {"action":"note","args":{"text":"b"}}, if that is all right.`,
    [A, B],
  ],
  [
    "JSON over several lines among words",
    `So:\n\n${JSON.stringify([note("a"), note("b")], null, 2)}\n\nThat is all.`,
    [A, B],
  ],
  [
    "brackets and quotation marks within texts",
    `Do ${JSON.stringify(note('} ] {"action": \\ ```'))}!`,
    [["note", { text: '} ] {"action": \\ ```' }]],
  ],
  ["brackets among words that are no JSON", `See [1], {x} and [a](b). ${NOTE}`, [A]],
  ["JSON in a tag", `<tool_call>\n${NOTE}\n</tool_call>`, [A]],
  ["data beside the actions", `There are {"notes": 3}. So: ${NOTE}`, [A]],
  ["what a model thought before", `<think>\n{"action":"delete_all"}?\n</think>\n${NOTE}`, [A]],
  ["thoughts of which only the end is there", `maybe delete_all\n</think>\n\n1. note(text: "a")`, [A]],
  ["a denial before, which is not about it", `It is not in stock, so: ${NOTE}`, [A]],
  [
    "content parts",
    [
      { type: "text", text: NOTE.slice(0, 9) },
      { type: "image", url: "x" },
      { type: "text", text: NOTE.slice(9) },
    ],
    [A],
  ],
  [
    "tool calls among content parts",
    [
      { type: "text", text: "Look:" },
      { type: "tool_use", id: "t", name: "note", input: { text: "a" } },
    ],
    [A],
  ],
  [
    "a numbered list of calls",
    '1. update_inventory(item: "SG001", change: -2) — because it was sold (confidence 0.8)',
    [SOLD],
  ],
  [
    "pairs behind a name",
    '- create_task: title="x", due=2030-01-01',
    [["create_task", { title: "x", due: "2030-01-01" }]],
  ],
  ["calls as in Python", "* note(text='it\\'s', )", [["note", { text: "it's" }]]],
  [
    "marks of Markdown",
    '1. **note**(text: "a")\n2. `note(text: "b")`\n- [ ] __generate_report__()',
    [A, B, ["generate_report", {}]],
  ],
  [
    "a call over several lines",
    '1. create_task(\n  title: "x",\n  tags: ["p", "q"],\n  lines: [{"count": 1}]\n)',
    [["create_task", { title: "x", tags: ["p", "q"], lines: [{ count: 1 }] }]],
  ],
  ["an object in the brackets of a call", '- note({"text": "a"})', [A]],
  [
    "text over several lines, whatever stands in it",
    '1. note(text: "a\n2. delete_all()")',
    [["note", { text: "a\n2. delete_all()" }]],
  ],
  [
    "plain words",
    "- note(text: a, b (or c))\n- send_notification: recipient=bob, message=Hello Bob",
    [
      ["note", { text: "a, b (or c)" }],
      ["send_notification", { recipient: "bob", message: "Hello Bob" }],
    ],
  ],
  [
    "numbers and codes, as the schema wants them",
    "- note(text: 1.50)\n- note(text=00123)\n- update_inventory(item=7, change=-2)",
    [
      ["note", { text: "1.50" }],
      ["note", { text: "00123" }],
      ["update_inventory", { item: "7", change: -2 }],
    ],
  ],
  [
    "lines below a bullet",
    "- create_task:\n  - title: Fix it - today: now\n  - due: 2030-01-01\n  - confidence: low",
    [["create_task", { title: "Fix it - today: now", due: "2030-01-01" }]],
  ],
  [
    "blocks",
    'ACTION: send_notification\nPARAMETERS:\n  recipient: bob\n  message: "hi"\nCONFIDENCE: 90%\nREASONING: He must know.\nNow.\n\nACTION: note\nPARAMETERS: {"text": "a"}\n\nACTION: generate_report\nPARAMETERS: none',
    [["send_notification", { recipient: "bob", message: "hi" }], A, ["generate_report", {}]],
  ],
  ["thought, action, input", 'Thought: I must.\nAction: note\nAction Input: {"text": "a"}\nObservation: done', [A]],
  ["YAML's way of a list", "- action: note\n  args:\n    text: a\n- action: note\n  args:\n    text: b", [A, B]],
  [
    "German",
    "Folgendes:\n\nSchritt 1: note(text: „Grüße“) – weil er’s will (Konfidenz 80 %)",
    [["note", { text: "Grüße" }]],
  ],
  ["French", "Étape 1 : note(text: « déjà vu ») — parce que c’est utile", [["note", { text: " déjà vu " }]]],
  [
    "Chinese, with wide punctuation",
    "建议：\n１．update_inventory（item：“SG001”，change：-2）——因为卖出了（置信度：0.8）\n2、note：text=「“a”，b」",
    [SOLD, ["note", { text: "“a”，b" }]],
  ],
  ["Arabic", 'الإجراء: note\nالمعاملات: text="مرحبا"\nالثقة: ٠٫٨', [["note", { text: "مرحبا" }]]],
  [
    "emoji",
    "✅ note(text=“👍🏽 ok”)\n2️⃣ note(text: ‘👨‍👩‍👧’)",
    [
      ["note", { text: "👍🏽 ok" }],
      ["note", { text: "👨‍👩‍👧" }],
    ],
  ],
  [
    "words in any language inside of JSON",
    `Bitte: ${JSON.stringify(note("„Ä“ «é» “中文，。” عربي 👍🏽"))}`,
    [["note", { text: "„Ä“ «é» “中文，。” عربي 👍🏽" }]],
  ],
];

describe("an answer", () => {
  it.each(understood)("is understood with %s", (_form, answer, actions) => {
    const parsed = read(answer);
    expect(parsed.rejected).toEqual([]);
    expect(short(parsed)).toEqual(actions);
  });

  it.each([
    ["an apology", "I am sorry, I cannot do that."],
    ["an empty list", '{"actions": []}'],
    ["an empty text", ""],
    ["a call in a sentence", "Do not call delete_all(). I would call note(text: 'a') instead."],
    ["what is only quoted", `> 1. delete_all()\n> ${NOTE}\n\nThat is what he wrote.`],
    ["code", fence("python", "delete_all()\nprint({'a': 1})")],
    ["a list of other things", "- Note: the shop is closed\n- sell-by date: today\n1. Wait\n- foo(s) and bar"],
  ])("proposes nothing with %s", (_form, answer) => {
    expect(read(answer)).toEqual({ actions: [], rejected: [] });
  });

  it("keeps its ids, order, titles, and what waits for what", () => {
    const steps = [
      { id: 1, action: "note", args: { text: "a" }, title: "First" },
      { id: "b", action: "note", args: { text: "b" }, depends_on: 1 },
      { action: "delete_all", dependsOn: ["b", "1"] },
    ];
    expect(read(JSON.stringify({ steps })).actions).toMatchObject([
      { id: "s1", title: "First", from: "json", line: 1 },
      { id: "b", dependsOn: ["s1"] },
      { id: "s2", dependsOn: ["b", "s1"] },
    ]);
    expect(read("Well:\n\n3. note(text: a)\n   Title: T\n4. delete_all()\n   Depends on: 3").actions).toMatchObject([
      { id: "s3", title: "T", from: "prose", line: 3 },
      { id: "s4", dependsOn: ["s3"], line: 5 },
    ]);
    expect(read('1. note(text: "a")').actions[0]).not.toHaveProperty("dependsOn");
  });

  it("lets references stand where they may", () => {
    const steps = [
      { id: "s1", action: "generate_report" },
      { action: "update_inventory", args: { item: "${s1.item}", change: { $ref: "s1.change" } } },
      { action: "update_inventory", args: { item: 5, change: { $ref: "s1.change" } } },
    ];
    const parsed = read(JSON.stringify(steps), { references: true });
    expect(parsed.actions).toHaveLength(2);
    expect(parsed.rejected).toMatchObject([{ field: "item" }]);
    expect(read(JSON.stringify(steps)).rejected).toMatchObject([{ field: "change" }, { field: "item" }]);
  });
});

describe("confidence and reasoning", () => {
  it.each([
    [0.8, 0.8],
    [1, 1],
    [0, 0],
    [85, 0.85],
    ["85%", 0.85],
    ["0,8", 0.8],
    ["８０％", 0.8],
    ["٠٫٨", 0.8],
    ["7/10", 0.7],
    ["high", 0.85],
    ["Hoch", 0.85],
    ["中", 0.6],
    ["faible", 0.3],
    [null, 0.5],
  ])("given %j count as %d", (given, expected) => {
    const [action] = read(JSON.stringify({ ...note("a"), confidence: given })).actions;
    expect(action?.confidence).toBeCloseTo(expected, 10);
  });

  it.each([150, -0.1, "sure", "101%", "11/10", true, [0.5], "NaN"])("given as %j are refused", (given) => {
    const { actions, rejected } = read(JSON.stringify({ ...note("a"), confidence: given }));
    expect(actions).toEqual([]);
    expect(rejected).toMatchObject([{ action: "note", field: "confidence" }]);
    expect(rejected[0]?.reason).toContain(`given ${JSON.stringify(given)}; expected a number from 0 to 1`);
  });

  it("are kept, from every form", () => {
    const said = { confidence: 0.8, reasoning: "because it was sold" };
    const call = "update_inventory(item: SG001, change: -2)";
    for (const answer of [
      `{"action":"delete_all","confidence":0.8,"rationale":"because it was sold"}`,
      `{"reasoning":"because it was sold","confidence":"80%","actions":[{"action":"delete_all"}]}`,
      `1. ${call} — because it was sold (confidence 0.8)`,
      `- ${call} (Confidence: 80%) because it was sold`,
      "- update_inventory: item=SG001, change=-2 — because it was sold (confidence: 0.8)",
      `1. ${call}\n   Reason: because it was sold\n   Confidence: 0.8`,
      "ACTION: delete_all\nCONFIDENCE: 0.8\nREASONING: because it was sold",
    ]) {
      expect(read(answer).actions, answer).toMatchObject([said]);
    }
  });

  it("are lower for words than for JSON where nothing is said", () => {
    expect(read(NOTE).actions).toMatchObject([{ confidence: 0.5, reasoning: "" }]);
    expect(read("- note(text: a)").actions).toMatchObject([{ confidence: 0.3, reasoning: "" }]);
  });
});

const refused: [what: string, answer: string, rejected: object][] = [
  [
    "an unknown action, naming the nearest",
    '{"action":"update_inventry","args":{}}',
    {
      action: "update_inventry",
      field: "action",
      reason: /there is no action "update_inventry"\. The nearest are update_inventory\./,
    },
  ],
  [
    "an unknown action that is near none",
    '{"action":"launch","args":{}}',
    { action: "launch", reason: /There are update_inventory, create_task/ },
  ],
  ["an unknown action in a list", "1. launch_rocket(target: moon)", { action: "launch_rocket", field: "action" }],
  ["the name of something that every object has", '{"action":"constructor","args":{}}', { action: "constructor" }],
  ["an object without a name", '{"args":{"text":"a"}}', { reason: /names no action/ }],
  ["something else in a list", `[${NOTE}, "note"]`, { excerpt: '"note"', reason: /names no action/, kept: 1 }],
  ["two names", '{"action":"delete_all","name":"note","args":{}}', { action: "delete_all", field: "name" }],
  [
    "a missing argument",
    '{"action":"note","args":{}}',
    { action: "note", field: "text", reason: /"text" was given nothing: expected string/ },
  ],
  [
    "arguments of the wrong kind, all of them",
    '{"action":"update_inventory","args":{"item":5,"change":"two"}}',
    { field: "item", reason: /"item" was given 5: expected string.*"change" was given "two": expected number/ },
  ],
  [
    "a wrong place deep inside",
    '{"action":"create_task","args":{"title":"x","lines":[{"count":1},{"count":"y"}]}}',
    { field: "lines.1.count", reason: /was given "y": expected number/ },
  ],
  [
    "a value that is none of those allowed",
    '{"action":"generate_report","args":{"kind":"hourly"}}',
    { field: "kind", reason: /"hourly".*"daily".*"weekly"/ },
  ],
  [
    "an argument that there is not, though zod would drop it",
    '{"action":"create_task","args":{"title":"x","dew":"y"}}',
    { field: "dew", reason: /it takes title, due, tags, lines/ },
  ],
  [
    "one that there is not deep inside",
    '{"action":"create_task","args":{"title":"x","lines":[{"count":1,"x":2}]}}',
    { field: "lines.0.x" },
  ],
  [
    "arguments without names",
    '{"action":"note","args":["a"]}',
    { field: "arguments", reason: /expected an object with named arguments/ },
  ],
  ["arguments twice", '{"action":"note","args":{"text":"a"},"parameters":{"text":"b"}}', { field: "arguments" }],
  [
    "arguments in a broken text",
    '{"action":"note","arguments":"{\\"text\\":\\"a"}',
    { field: "arguments", reason: /incomplete/ },
  ],
  [
    "an argument beside the arguments",
    '{"action":"update_inventory","args":{"item":"a"},"change":1}',
    { field: "change", reason: /put it among them/ },
  ],
  [
    "a condition",
    '{"action":"note","args":{"text":"a"},"when":"he agrees"}',
    { field: "when", reason: /may change what is meant/ },
  ],
  ["what is switched off", '{"action":"note","args":{"text":"a"},"enabled":false}', { field: "enabled" }],
  ["a list that is switched off", `{"dry_run":true,"actions":[${NOTE}]}`, { field: "dry_run" }],
  ["two lists", `{"actions":[${NOTE}],"steps":[${NOTE}]}`, { reason: /two lists/ }],
  ["the same once more", `${NOTE} or, as I said, ${NOTE}`, { reason: /said already in line 1/, kept: 1 }],
  [
    "a key that stands there twice",
    '{"action":"note","action":"delete_all"}',
    { reason: /"action" stands in one object twice/ },
  ],
  [
    "a key that reaches into prototypes",
    '{"action":"note","args":{"text":"a","__proto__":{"x":1}}}',
    { action: "note", reason: /"__proto__" is not allowed/ },
  ],
  [
    "a number that would be rounded",
    '{"action":"update_inventory","args":{"item":"a","change":12345678901234567890}}',
    { reason: /12345678901234567890 cannot be kept/ },
  ],
  ["a NUL", '{"action":"note","args":{"text":"a\\u0000"}}', { action: "note", field: "text", reason: /NUL/ }],
  ["half a surrogate pair", '{"action":"note","args":{"text":"\\ud83d"}}', { field: "text", reason: /surrogate/ }],
  ["a NUL in words", "- note(text: a\u0000b)", { field: "text" }],
  [
    "cut-off JSON, of which nothing is taken",
    `{"actions":[${NOTE},{"action":"note","args":{"te`,
    { reason: /incomplete/ },
  ],
  ["a cut-off fence", `\`\`\`json\n[${NOTE},`, { reason: /incomplete/ }],
  [
    "brackets that do not match, and what is behind them",
    `[${NOTE}} ${NOTE}]`,
    { reason: /brackets do not match; nothing behind it was read/ },
  ],
  ["keys without quotation marks", "{action: 'note', args: {text: 'a'}}", { reason: /not well-formed/ }],
  [
    "JSON hidden in a text that is none",
    `{'action': 'note', 'args': {'text': '} ${NOTE}'}}`,
    { reason: /nothing behind it was read/ },
  ],
  [
    "words behind the JSON of a fence",
    fence("json", `${NOTE}\nand so on`),
    { reason: /behind the JSON stands "and so on"/, kept: 1 },
  ],
  ["nesting without end", `{"a":`.repeat(1000), { reason: /nested deeper than 64/ }],
  ["an example", `For example: ${NOTE}`, { reason: /or is an example/ }],
  ["what is not to be done", `You must never do this:\n\n${fence("json", NOTE)}`, { reason: /not to be done/ }],
  ["what is not to be done, in German", `Auf keinen Fall ausführen, also nicht: ${NOTE}`, { reason: /not to be done/ }],
  ["what is not to be done, in Chinese", `不要执行：${NOTE}`, { reason: /not to be done/ }],
  [
    "a list of what is not to be done",
    "Do not do any of these:\n- delete_all()",
    { action: "delete_all", reason: /not to be done/ },
  ],
  ["what stands in quotation marks", `He wrote "${NOTE}" to me.`, { reason: /quotation marks/ }],
  [
    "a call that is taken back",
    "- delete_all() — never do this",
    { action: "delete_all", reason: /may mean that it is not simply to be done/ },
  ],
  ["a call under a condition", "- delete_all(), if he agrees", { action: "delete_all" }],
  ["a call that is talked about", "- delete_all() is dangerous", { action: "delete_all" }],
  ["what is struck out", "- ~~delete_all()~~", { action: "delete_all", reason: /struck out/ }],
  ["what is ticked off", "- [x] delete_all()", { action: "delete_all", reason: /ticked off/ }],
  ["a name alone", "- delete_all", { action: "delete_all", reason: /write delete_all\(\)/ }],
  [
    "a call behind other words",
    "1. Then we call delete_all()",
    { action: "delete_all", reason: /only where its name begins/ },
  ],
  ["two calls in one item", '- note(text: "a") and then delete_all()', { action: "note" }],
  [
    "two calls in one item, the second as a reason",
    '- note(text: "a") — so that delete_all() works',
    { action: "note", reason: /names delete_all\(\)/ },
  ],
  [
    "a text that is not closed, and what is behind it",
    '1. note(text: "a\n2. delete_all()',
    { action: "note", field: "text", reason: /not closed; nothing behind it was read/ },
  ],
  [
    "quotation marks within a text",
    '1. note(text: "say "hi" now")\n2. delete_all()',
    { action: "note", field: "text" },
  ],
  [
    "a bracket that is not closed",
    '1. note(text: "a"\n2. note(text: "b")',
    { action: "note", field: "text", reason: /expected a comma or a closing bracket; nothing behind it was read/ },
  ],
  [
    "arguments without a comma",
    "- update_inventory: item=a change=1",
    { action: "update_inventory", field: "item", reason: /commas/ },
  ],
  [
    "a plain value of which the end is not clear",
    "- note: text=a - b",
    { action: "note", field: "text", reason: /quotation marks/ },
  ],
  [
    "a plain value that goes on in the next line",
    "ACTION: note\nPARAMETERS:\n  text: a\n  and more",
    { action: "note" },
  ],
  ["a value given twice", "- note(text: a, text: b)", { action: "note", field: "text", reason: /twice/ }],
  ["a value that is missing", "- note(text: )", { action: "note", field: "text", reason: /no value/ }],
  [
    "parameters that stand elsewhere",
    `ACTION: generate_report\nPARAMETERS:\n${fence("json", '{"kind":"daily"}')}`,
    { action: "generate_report", field: "arguments" },
  ],
  [
    "an unknown key below a call",
    "ACTION: note\nPARAMETERS: text=a\nUNLESS: he says no",
    { action: "note", field: "UNLESS" },
  ],
  [
    "an id that is there twice",
    `[{"id":"x","action":"delete_all"},{"id":"x","action":"note","args":{"text":"a"}}]`,
    { field: "id" },
  ],
  [
    "what waits for something that is not there",
    `{"id":"x","action":"delete_all","dependsOn":["y"]}`,
    { field: "dependsOn", reason: /given "y"/ },
  ],
  [
    "what waits for a place that has no name",
    `[${NOTE},{"action":"delete_all","dependsOn":["s1"]}]`,
    { field: "dependsOn", kept: 1 },
  ],
  [
    "what waits for something that was refused",
    `[{"id":"x","action":"nope"},{"id":"y","action":"delete_all","dependsOn":["x"]}]`,
    { action: "delete_all", field: "dependsOn" },
  ],
  [
    "what waits for itself",
    `[{"id":"x","action":"delete_all","dependsOn":["y"]},{"id":"y","action":"note","args":{"text":"a"},"dependsOn":["x"]}]`,
    { field: "dependsOn", reason: /wait for this one/ },
  ],
  ["thoughts without an end", `<think>${NOTE}`, { reason: /still thinking/ }],
  ["thoughts that end twice", `<think>a</think>\n${NOTE}\n</think>`, { reason: /twice/ }],
  [
    "more than is taken",
    JSON.stringify(Array.from({ length: 51 }, (_, n) => note(`n${n}`))),
    { reason: /proposes 51 actions; at most 50/ },
  ],
  ["a text that is too long", `${NOTE}${" ".repeat(1_000_000)}`, { reason: /at most 262144 are read/ }],
];

describe("a rejection", () => {
  it.each(refused)(
    "says what is wrong with %s",
    (_what, answer, { kept = 0, reason, ...expected }: { kept?: number; reason?: RegExp }) => {
      const { actions, rejected } = read(answer);
      expect(actions).toHaveLength(kept);
      const found = rejected.find(
        (entry) =>
          (reason ?? /./).test(entry.reason) &&
          Object.entries(expected).every(([key, value]) => entry[key as "action"] === value),
      );
      expect(found, JSON.stringify(rejected)).toBeDefined();
      if (found?.action) expect(found.reason).toContain(`"${found.action}"`);
    },
  );

  it("names line and beginning, without what could draw on a screen", () => {
    const { rejected } = read(`So:\n\n- note(text: \u001b[31m)\n- foo_bar(a=1) \u202E${"x".repeat(300)}`);
    expect(rejected).toMatchObject([{ line: 4, action: "foo_bar" }]);
    expect(rejected[0]?.excerpt).toMatch(/^- foo_bar\(a=1\) <U\+202E>x+…$/u);
    expect(rejected[0]?.excerpt.length).toBeLessThan(110);
  });

  it("never cuts a character in two", () => {
    const [rejected] = read(`1. note(${"a".repeat(19)}\u{1F44D})`).rejected;
    expect(rejected?.reason.isWellFormed()).toBe(true);
  });

  it("covers what belongs to the action, whatever that looks like", () => {
    const { actions } = read(`ACTION: note it down\nPARAMETERS: ${NOTE}\n\n- delete_all()`);
    expect(actions.map(({ action }) => action)).toEqual(["delete_all"]);
  });

  it("of one action leaves the others", () => {
    const answer = `[${NOTE},{"action":"note","args":{"text":7}},{"action":"note","args":{"text":"b"}}]`;
    expect(short(read(answer))).toEqual([A, B]);
    expect(short(read('1. note(text: "a")\n2. note(txt: "x")\n3. note(text: )\n4. note(text: "b")'))).toEqual([A, B]);
  });

  it("counts only the first fifty one by one", () => {
    const many = JSON.stringify(Array.from({ length: 60 }, () => ({ action: "zzz" })));
    const { rejected } = read(many, { maxActions: 100 });
    expect(rejected).toHaveLength(51);
    expect(rejected.at(-1)?.reason).toBe("10 more were refused.");
  });

  it("comes from a schema that cannot be asked, too", () => {
    const never = z.object({}).refine(() => Promise.resolve(true));
    const { rejected } = parseActions('{"action":"odd","args":{}}', [{ name: "odd", input: never }]);
    expect(rejected).toMatchObject([{ action: "odd", field: "arguments" }]);
  });
});

const known = new Map(ACTIONS.map(({ name, input }) => [name, input]));

function expectSound({ actions, rejected }: ParsedActions): void {
  for (const { action, args, confidence } of actions) {
    expect(known.get(action)?.safeParse(args).success).toBe(true);
    expect(confidence).toBeGreaterThanOrEqual(0);
    expect(confidence).toBeLessThanOrEqual(1);
    expect(JSON.stringify(args).isWellFormed()).toBe(true);
  }
  for (const { reason, excerpt } of rejected) expect(`${reason}${excerpt}`.isWellFormed()).toBe(true);
}

/** Pieces that answers are made of, and what breaks them. */
const piece = fc.oneof(
  fc.constantFrom(
    ...[
      '{"action":"note","args":{"text":"',
      '"}}',
      "[",
      "]",
      "{",
      "}",
      '"',
      "```json\n",
      "```\n",
      "\n- ",
      "\n1. ",
      "note(",
      "text: ",
      ")",
      ", ",
    ],
    ...[
      "ACTION: note\n",
      "PARAMETERS:\n",
      "  text: a\n",
      "delete_all()",
      "because ",
      "(confidence 0.9)",
      "<think>",
      "</think>",
      "> ",
      "\n",
      "\\",
    ],
    ...[
      "“",
      "”",
      "：",
      "（",
      "）",
      "，",
      "'",
      "__proto__",
      ":",
      "=",
      " — ",
      "\u0000",
      "\ud83d",
      "do not ",
      NOTE,
      "update_inventory",
      "-2",
    ],
  ),
  fc.string({ unit: "binary", maxLength: 12 }),
);
/** Text that can be stored, among it what would be an action, or the end of one, if it were not text. */
const text = fc
  .oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("")),
  )
  .map((value) => value.toWellFormed().replaceAll("\u0000", ""));
const plan = (value: fc.Arbitrary<string>) =>
  fc.uniqueArray(
    fc.oneof(
      fc.record({ action: fc.constant("note"), args: fc.record({ text: value }) }),
      fc.record({ action: fc.constant("send_notification"), args: fc.record({ recipient: value, message: value }) }),
      fc.record({ action: fc.constant("update_inventory"), args: fc.record({ item: value, change: fc.integer() }) }),
    ),
    { minLength: 1, maxLength: 8, selector: (action) => JSON.stringify(action) },
  );
type Planned = { action: string; args: Record<string, string | number> };
const same = (parsed: ParsedActions, actions: readonly Planned[]) => {
  expect(parsed.rejected).toEqual([]);
  expect(parsed.actions.map(({ action, args }) => ({ action, args }))).toEqual(actions);
};

describe("whatever an answer holds", () => {
  it("it never throws, and what it proposes is valid", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => expectSound(read(pieces.join("")))),
      { numRuns: 2000 },
    );
    fc.assert(fc.property(fc.json({ maxDepth: 5 }), (answer) => expectSound(read(answer))));
    fc.assert(fc.property(fc.array(fc.anything()), (parts) => expectSound(read(parts))));
  });

  it("actions in JSON come back as they went in: whole, indented, in a fence, among words, each on its own", () => {
    fc.assert(
      fc.property(plan(text), (actions) => {
        const list = JSON.stringify(actions);
        same(read(list), actions);
        same(read(JSON.stringify({ steps: actions }, null, 2)), actions);
        same(read(`Here is the plan.\n\n${fence("json", JSON.stringify(actions, null, 2))}\n\nTell me.`), actions);
        same(read(`The plan is ${list}. Tell me.`), actions);
        same(read(actions.map((action) => `First this: ${JSON.stringify(action)}`).join("\n")), actions);
      }),
    );
  });

  it("actions in a list in words do, too", () => {
    fc.assert(
      fc.property(plan(text), (actions) => {
        const pairs = ({ args }: Planned, sign: string) =>
          Object.entries(args)
            .map(([key, value]) => `${key}${sign}${JSON.stringify(value)}`)
            .join(", ");
        const calls = actions.map(
          (action, index) => `${index + 1}. ${action.action}(${pairs(action, ": ")}) — because`,
        );
        same(read(`I propose:\n\n${calls.join("\n")}\n\nAll right?`), actions);
        same(read(actions.map((action) => `- ${action.action}: ${pairs(action, "=")}`).join("\n")), actions);
        const blocks = actions.map(
          ({ action, args }) => `ACTION: ${action}\nPARAMETERS: ${JSON.stringify(args)}\nCONFIDENCE: 0.9`,
        );
        same(read(blocks.join("\n\n")), actions);
      }),
    );
  });

  it("no beginning of a list is taken for the list", () => {
    fc.assert(
      fc.property(plan(text), fc.double({ min: 0, max: 1, noNaN: true }), (actions, share) => {
        const whole = JSON.stringify({ actions });
        const cut = whole.slice(0, Math.floor(share * (whole.length - 1)));
        for (const answer of [cut, `Here: ${cut}`, `\`\`\`json\n${cut}`]) expect(read(answer).actions).toEqual([]);
      }),
    );
  });

  it("takes a time that grows with its length, not faster", { timeout: 60_000 }, () => {
    const floods = [
      "{",
      "[",
      '{"a":',
      '{"a":1} ',
      '[{"',
      "```\n",
      "```json\n{}\n```\n",
      '"',
      "\n",
      " ",
      "- note(\n",
      '- note(text: "a\n',
      "- note: text=a, ",
      "- note(text: ,,,",
      "((((",
      "ACTION: note\n",
      "ACTION: note\nPARAMETERS:\n\n\n",
      "> a\n",
      "</think>\n",
      "1. foo_bar(a=1)\n",
      "a: b\n",
      `${NOTE}\n`,
      '{"action":"zzz"},',
      "\ud83d",
      "/*",
      "(confidence ",
      "do not ",
    ];
    const spent = (unit: string, length: number, runs: number) => {
      const answer = unit.repeat(length / unit.length);
      const times = Array.from({ length: runs }, () => {
        const begun = process.threadCpuUsage();
        expectSound(read(answer));
        const { user, system } = process.threadCpuUsage(begun);
        return (user + system) / 1000;
      });
      return Math.min(...times);
    };
    for (const unit of floods) {
      // Milliseconds of this thread. Eight times the length: 8 when linear, 64 when quadratic.
      const most = 24 * spent(unit, 12_000, 2) + 100;
      const once = spent(unit, 96_000, 1);
      expect(once < most ? once : spent(unit, 96_000, 3), unit).toBeLessThan(most);
    }
  });
});
