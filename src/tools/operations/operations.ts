/** What the actions of the operations work on. */
import type { Mailer } from "../office/mail.ts";
import type { Store } from "../store/index.ts";
import type { OperationsFiles } from "./database.ts";
import type { Endpoints } from "./endpoints.ts";
import type { DeliverySettings } from "./webhook.ts";

export interface Operations {
  readonly files: OperationsFiles;
  /** Whose stock and transactions these are; opened when it is first needed. */
  readonly store: () => Store;
  readonly mailer: Mailer;
  /** Who sends mail. Whoever has an address of the same domain is not outside. */
  readonly address: string;
  readonly endpoints: Endpoints;
  readonly delivery: DeliverySettings;
}
