/** Secrets from the environment: a tenant's own, and those of every tenant. */
import type { SecretSource } from "./secrets.ts";

/**
 * Reads `HOLDPOINT_SECRET_<TENANT>__<NAME>`, the tenant in capitals and its dashes as `_`; for actions that every tenant
 * has, where there is no such one, `HOLDPOINT_SECRET_<NAME>`. Tenants whose names would run together that way (capitals,
 * dots, underscores) have none of their own here.
 * @param values by what stands behind `HOLDPOINT_SECRET_`
 */
export function secretsIn(values: Readonly<Record<string, string>>): SecretSource {
  const entry = (name: string) => (Object.hasOwn(values, name) ? values[name] : undefined);
  return (tenant, name, isShared) => {
    if (name.includes("__")) return undefined; // a tenant's, which nobody else names
    const isPlain = /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(tenant);
    const own = isPlain ? entry(`${tenant.toUpperCase().replaceAll("-", "_")}__${name}`) : undefined;
    return own ?? (isShared ? entry(name) : undefined);
  };
}
