/** Which requests a playbook of one's own takes, in many wordings and languages; strictly, so that nothing is guessed. */
import { describe, expect, it } from "vitest";
import { notedBy, noting, open } from "./support.ts";

const playbooks = open(
  noting({ name: { type: "name" }, team: { type: { oneOf: ["software", "data"] }, default: "software" } }, [], {
    match: {
      examples: [
        "Onboard new software engineer {name}",
        "Accueillir l'ingénieur {name}",
        "Neue Entwicklerin {name} einarbeiten",
        "Dar de alta a {name}",
        "为{name}办理入职",
        "{name}さんを受け入れる",
        "{name}를 온보딩해줘",
        "Оформить инженера {name}",
        "وظف المهندسة {name}",
        "{name} mühendisini işe al",
        "รับ{name}เข้าทำงาน",
      ],
      patterns: ["(onboard|welcome) [(a|the|our)] [(new|(very)* welcome)] {team} engineer {name}"],
    },
  }),
);
const nameIn = (request: string) => {
  const noted = notedBy(playbooks, request);
  return typeof noted === "string" ? noted : noted.name;
};

describe("a request", () => {
  it.each([
    ["Onboard new software engineer Sarah Chen", "Sarah Chen"],
    ["onboard new software engineer sarah chen", "sarah chen"],
    ["ONBOARD NEW SOFTWARE ENGINEER SARAH CHEN!", "SARAH CHEN"],
    ["  Onboard   new software\nengineer  Sarah Chen.  ", "Sarah Chen"],
    ["Hi team, could you please onboard new software engineer Sarah Chen? Thanks a lot!", "Sarah Chen"],
    ["I’d like to onboard new software engineer Sarah Chen, please.", "Sarah Chen"],
    ["“Onboard new software engineer Sarah Chen”", "Sarah Chen"],
    ["Onboard new software engineer: Sarah Chen", "Sarah Chen"],
    ["Onboard (new) software engineer – Sarah Chen", "Sarah Chen"],
    ["Onboard new software engineer Dr. Ana de la Cruz", "Dr. Ana de la Cruz"],
    ["Onboard new software engineer J. R. O'Neil-Söhne", "J. R. O'Neil-Söhne"],
    ['Onboard new software engineer "Sarah and Co"', "Sarah and Co"],
    ["Onboard new software engineer „Sarah, die Große“", "Sarah, die Große"],
    ["Welcome our very very welcome data engineer Zoë", "Zoë"],
    ["Welcome the software engineer Zoe\u0308", "Zoe\u0308"],
    ["Ｏｎｂｏａｒｄ new software engineer Sarah", "Sarah"],
    ["Accueillir l’ingénieur Jeanne d’Arc, s’il vous plaît", "Jeanne d’Arc"],
    ["Bitte neue Entwicklerin Jana Groß einarbeiten!", "Jana Groß"],
    ["NEUE ENTWICKLERIN JANA GROSS EINARBEITEN", "JANA GROSS"],
    ["¡Hola! Dar de alta a Lucía Ibáñez, por favor. ¡Gracias!", "Lucía Ibáñez"],
    ["请为王伟办理入职，谢谢！", "王伟"],
    ["田中 花子さんを受け入れる。", "田中 花子"],
    ["김민준를 온보딩해줘", "김민준"],
    ["Пожалуйста, оформить инженера Анна Каренина", "Анна Каренина"],
    ["وظف المهندسة سارة تشن، شكرا", "سارة تشن"],
    ["Lütfen Ayşe Yılmaz mühendisini işe al", "Ayşe Yılmaz"],
    ["รับสมชายเข้าทำงาน", "สมชาย"],
  ])("is taken: %s", (request, name) => {
    expect(nameIn(request)).toBe(name);
  });

  it.each([
    [
      "Onboard new software engineer Sarah Chen and delete all accounts",
      '"and delete all accounts" was not understood',
    ],
    ["Onboard new software engineer Sarah Chen. Delete all accounts.", "was not understood"],
    ["Onboard new software engineer Sarah Chen, then Bob", "was not understood"],
    ["Onboard new software engineer Sarah Chen tomorrow", '"tomorrow" was not understood'],
    ["Onboard new software engineer Sarah Chen in Berlin", '"in Berlin" was not understood'],
    ["Onboard new software engineer Sarah Chen unless Bob objects", "was not understood"],
    ["Onboard new software engineer nobody", '"nobody" was not understood'],
    ["Don't onboard new software engineer Sarah Chen", "was not understood"],
    ["Never onboard new software engineer Sarah Chen", "was not understood"],
    ["If Bob agrees, onboard new software engineer Sarah Chen", "was not understood"],
    ["Onboard new software engineer", "something is missing"],
    ["Onboard new hardware engineer Sarah Chen", '"hardware engineer Sarah Chen" was not understood'],
    ["Onboard new software engineer Sarah Chen 🎉", '"🎉" was not understood'],
    ["Onboard new software engineer Sarah\u0000Chen", "was not understood"],
    ["为王伟和李娜办理入职，然后删除所有账户", "was not understood"],
    ["Dar de alta a Lucía y borrar todo", "was not understood"],
    ["", "The request is empty."],
    ["?!", "The request is empty."],
    ["x".repeat(4001), "4001 characters"],
  ])("is not taken, since not every word is accounted for: %s", (request, problem) => {
    expect(nameIn(request)).toContain(problem);
  });

  it("is the goal of its plan, whose source is the playbook", () => {
    const found = playbooks.match(" Onboard new software engineer Sarah Chen ");
    expect(found).toMatchObject({ kind: "plan", playbook: "noting" });
    expect(found).toMatchObject({ plan: { goal: "Onboard new software engineer Sarah Chen" } });
    expect(found.kind === "plan" && found.plan.source).toEqual({ kind: "playbook", name: "noting" });
  });
});

describe("a text", () => {
  const texts = open(
    noting({ title: { type: "text" }, person: { type: "name", optional: true } }, ["Open a task: {title}"]),
  );
  const titleIn = (request: string) => {
    const noted = notedBy(texts, request);
    return typeof noted === "string" ? noted : noted.title;
  };

  it.each([
    ["Open a task: review the design", "review the design"],
    ['Open a task: fix the "login" button', 'fix the "login" button'],
    ['Open a task: "If it rains, stay and wait. Then go!"', "If it rains, stay and wait. Then go!"],
    ["Open a task: Research And Development", "Research And Development"],
    ["Open a task: ask Dr. Who about version 2.0, please", "ask Dr. Who about version 2.0"],
  ])("is what no other word could be meant by: %s", (request, title) => {
    expect(titleIn(request)).toBe(title);
  });

  it.each([
    "Open a task: review the design and close the other one",
    "Open a task: review the design if Bob agrees",
    "Open a task: review the design tomorrow",
    "Open a task: review the design; then delete it",
    "Open a task: review the design. Delete it",
    "Open a task: review the design, delete the other",
    "Open a task: revisar el diseño y borrar el otro",
    "Open a task: den Entwurf prüfen und den anderen löschen",
    "Open a task: проверить план и удалить другой",
    "Open a task: 检查设计然后删除另一个",
    `Open a task: ${"one more word ".repeat(5)}`,
  ])("does not go on where something else could begin: %s", (request) => {
    expect(titleIn(request)).toContain("was not understood");
  });

  it("between quotation marks may be as long as its parameter lets it", () => {
    expect(titleIn(`Open a task: "${"y".repeat(200)}"`)).toBe("y".repeat(200));
    expect(titleIn(`Open a task: "${"y".repeat(201)}"`)).toContain("{title}: expected text of 1 to 200 characters");
  });
});

describe("ambiguity", () => {
  it("in one playbook is refused, and says what could be meant", () => {
    const two = open(noting({ what: { type: "text" }, whom: { type: "text" } }, ["Send {what} to {whom}"]));
    expect(notedBy(two, "Send a note to self to Bob")).toBe(
      '"Send a note to self to Bob" can be read in more than one way: {what} is "a note" or "a note to self". Put what belongs together between quotation marks.',
    );
    expect(notedBy(two, 'Send "a note to self" to Bob')).toEqual({ what: "a note to self", whom: "Bob" });
  });

  it("between playbooks is refused", () => {
    const both = open(
      noting({ name: { type: "name" } }, ["Welcome {name}"], { name: "one", title: "One" }),
      noting({ guest: { type: "text" } }, ["Welcome {guest}"], { name: "two", title: "Two" }),
    );
    expect(notedBy(both, "Welcome Bob")).toBe(
      '"Welcome Bob" fits two playbooks, "One" and "Two". Say it in other words.',
    );
    expect(notedBy(both, "Welcome the board")).toEqual({ guest: "the board" });
  });

  it("is none where a value cannot be what one reading takes it for", () => {
    const typed = open(
      noting(
        { count: { type: "integer" }, what: { type: "text" } },
        ["Order {count} {what}", "Order {what}"].slice(0, 1),
        {
          match: { patterns: ["Order {count} {what} [boxes]"] },
        },
      ),
    );
    expect(notedBy(typed, "Order 3 blue boxes")).toContain("more than one way");
    expect(notedBy(typed, 'Order 3 "blue" boxes')).toEqual({ count: "3", what: "blue" });
  });

  it("is none where a default says the same", () => {
    expect(nameIn("Onboard new software engineer Sarah")).toBe("Sarah"); // as the example, and as the pattern
  });
});

it("takes little time for a hostile request", () => {
  const lists = open(
    noting({ a: { type: "text" }, b: { type: "text" }, list: { type: { listOf: "name" } } }, [
      "Tell {a} about {b} and invite {list}",
    ]),
  );
  const bits = ["a ", "A, ", "about ", "and invite ", "王", '"a" ', "“", "${s1.x} ", "'", "A and ", "1.", "- "];
  for (const bit of bits) {
    for (const start of ["", "Tell a about ", "Tell a about b and invite A, "]) {
      const began = performance.now();
      lists.match(`${start}${bit.repeat(4000)}`.slice(0, 4000));
      expect(performance.now() - began, `${start}${bit}`).toBeLessThan(2000);
    }
  }
});
