/**
 * The layers of docs/architecture.md, lowest first. A module imports from its own layer and from those below, never
 * upwards. Members are folders or files of src/; one that does not exist yet does no harm. Type-only imports count.
 */
const LAYERS = [
  { members: ["errors", "domain", "messages", "sqlite", "sealing", "packing", "vouching"] },
  { members: ["client"] }, // what other programs call a server with: it brings nothing of one
  { members: ["config", "options", "state", "telemetry", "policy"] },
  // What one of these needs of another is passed in.
  { members: ["ledger", "tools", "planning", "sandbox", "models"], apart: true },
  { members: ["checkpoints", "execution", "events"] },
  { members: ["transaction"] },
  { members: ["graph/routes"] }, // nodes name the ways out that they have
  { members: ["nodes"] },
  { members: ["graph/build"] },
  { members: ["runtime"] },
  { members: ["work"] },
  { members: ["graph/index", "server", "cli"] },
  // The package's entry: nothing else in src imports it.
  { members: ["index"], closed: true },
];

const ENTRY_FILES = [
  "^src/index\\.ts$",
  "^src/client/index\\.ts$",
  "^src/graph/index\\.ts$",
  "^src/server/(entry|agent-auth)\\.ts$",
  "^src/cli/main\\.js$",
];

const pathOf = (member) => `^src/${member}(/|\\.ts$)`;
const pathsOf = (layers) => layers.flatMap((layer) => layer.members.map(pathOf));

const downOnly = LAYERS.map((layer, index) => ({
  name: `down-only-from-${layer.members.join("-").replaceAll("/", "-")}`,
  comment: `${layer.members.join(", ")} may import their own layer and lower ones only.`,
  severity: "error",
  from: { path: pathsOf([layer]) },
  to: {
    path: "^src/",
    pathNot: pathsOf(LAYERS.slice(0, index + 1).filter((lower) => lower === layer || !lower.closed)),
  },
}));

const apart = LAYERS.filter((layer) => layer.apart).flatMap(({ members }) =>
  members.map((member) => ({
    name: `apart-${member}`,
    comment: `${members.join(", ")} do not import each other: pass in what one needs of another.`,
    severity: "error",
    from: { path: pathOf(member) },
    to: { path: members.filter((other) => other !== member).map(pathOf) },
  })),
);

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...downOnly,
    ...apart,
    {
      name: "no-unlayered",
      comment: "Every module of src/ belongs to a layer: put the file in one, or add the folder to LAYERS.",
      severity: "error",
      from: { path: "^src/", pathNot: pathsOf(LAYERS) },
      to: {},
    },
    {
      name: "no-circular",
      comment: "No import cycles, not even of types.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-orphans",
      comment: "Nothing imports this file and it imports nothing: use it or delete it.",
      severity: "error",
      from: { orphan: true, path: "^src/", pathNot: ENTRY_FILES },
      to: {},
    },
    {
      name: "src-stands-alone",
      comment: "src/ is what ships: it imports neither tests, scripts nor what measures it.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(test|scripts|bench|chaos|eval)/" },
    },
    {
      name: "no-dev-dependency",
      comment:
        "What src/ runs with belongs in (peer) dependencies. Types (@types, import type) are gone at run time, and " +
        "scripts/build.ts takes a copy of the SQLite saver into the package.",
      severity: "error",
      from: { path: "^src/" },
      to: {
        dependencyTypes: ["npm-dev"],
        dependencyTypesNot: ["type-only", "npm-peer"],
        pathNot: ["^node_modules/@types/", "^node_modules/@langchain/langgraph-checkpoint-sqlite/"],
      },
    },
    {
      name: "no-undeclared-dependency",
      comment: "Only packages that package.json names.",
      severity: "error",
      from: {},
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "no-unresolvable",
      comment: "The import leads nowhere.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^bench/peers/" }, // a package of its own, which need not be installed
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true, // sees type-only imports
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "types", "default"] },
  },
};
