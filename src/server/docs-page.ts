/** The description of the interface as a page: plain HTML, without scripts and without anything from elsewhere. */
import { html, raw } from "hono/html";

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: object;
}

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: object }>> };
  readonly responses?: Readonly<Record<string, { readonly description?: string; readonly content?: object }>>;
}

interface Listed extends Operation {
  readonly method: string;
  readonly path: string;
}

const CSS = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1f; background: #fff; }
@media (prefers-color-scheme: dark) { body { color: #e6e6ea; background: #17171a; } a { color: #9ecbff; } pre, code, summary:hover { background: #26262b; } }
code, pre { font: 14px/1.4 ui-monospace, monospace; background: #f2f2f5; border-radius: 4px; padding: 0.1em 0.3em; }
pre { padding: 0.8em; overflow-x: auto; }
summary { cursor: pointer; padding: 0.3em; border-radius: 4px; }
summary:hover { background: #f2f2f5; }
.method { display: inline-block; min-width: 4.5em; font-weight: 600; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: 0.3em 0.6em 0.3em 0; border-bottom: 1px solid #8884; }
`;

const shown = (value: unknown): string => JSON.stringify(value, null, 2);

/** @param document an OpenAPI 3.1 document */
function page(document: unknown) {
  const {
    info,
    paths = {},
    components,
  } = document as {
    info: { title: string; version: string; description?: string };
    paths?: Record<string, Record<string, Operation>>;
    components?: { schemas?: Record<string, object> };
  };
  const listed = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]): Listed => ({ ...operation, method: method.toUpperCase(), path }),
    ),
  );
  const tags = [...new Set(listed.flatMap((one) => one.tags ?? []))];
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title}: HTTP interface</title><link rel="stylesheet" href="docs.css"></head>
<body>
<h1>${info.title} <small>${info.version}</small></h1>
<p>${info.description ?? ""}</p>
<p>For programs: <a href="openapi.json">openapi.json</a>.</p>
<nav><ul>${tags.map((tag) => html`<li><a href="#${tag}">${tag}</a></li>`)}<li><a href="#schemas">Schemas</a></li></ul></nav>
${tags.map((tag) => html`<section><h2 id="${tag}">${tag}</h2>${listed.filter((one) => one.tags?.includes(tag)).map(operationHtml)}</section>`)}
<section><h2 id="schemas">Schemas</h2>
${Object.entries(components?.schemas ?? {}).map(
  ([name, schema]) =>
    html`<details id="schema-${name}"><summary><code>${name}</code></summary><pre>${shown(schema)}</pre></details>`,
)}
</section>
</body></html>`;
}

function operationHtml({
  method,
  path,
  summary,
  description,
  parameters = [],
  requestBody,
  responses = {},
  operationId,
}: Listed) {
  const body = Object.values(requestBody?.content ?? {})[0]?.schema;
  return html`<details id="${operationId ?? ""}"><summary><span class="method">${method}</span> <code>${path}</code> ${summary ?? ""}</summary>
<p>${description ?? ""}</p>
${
  parameters.length > 0
    ? html`<table><tr><th>Parameter</th><th>In</th><th></th></tr>${parameters.map(
        (one) =>
          html`<tr><td><code>${one.name}</code>${one.required ? " (needed)" : ""}</td><td>${one.in}</td><td>${one.description ?? ""} <code>${JSON.stringify(one.schema ?? {})}</code></td></tr>`,
      )}</table>`
    : raw("")
}
${body ? html`<h4>Body</h4><pre>${shown(body)}</pre>` : raw("")}
<h4>Answers</h4><table>${Object.entries(responses).map(
    ([status, one]) =>
      html`<tr><td><code>${status}</code></td><td>${one.description ?? ""}</td><td>${schemaNames(one.content)}</td></tr>`,
  )}</table></details>`;
}

/** Links to the schemas that are named in it. */
function schemaNames(content: object | undefined) {
  const names = [...JSON.stringify(content ?? {}).matchAll(/#\/components\/schemas\/(\w+)/g)].map(
    ([, name]) => name ?? "",
  );
  return [...new Set(names)].map((name) => html`<a href="#schema-${name}"><code>${name}</code></a> `);
}

export const docsPage = Object.assign(page, { css: CSS });
