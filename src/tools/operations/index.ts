/** Operations: an action pack for tasks, stock, notifications and reports. */
import { join, resolve } from "node:path";
import type { Action } from "../action.ts";
import { type OfficeOptions, openOffice } from "../office/index.ts";
import type { Mailer } from "../office/mail.ts";
import { openStore, type Store } from "../store/index.ts";
import { createCreateTask } from "./create-task.ts";
import { operationsFiles } from "./database.ts";
import { openEndpoints, type WebhookOptions } from "./endpoints.ts";
import { createFindNotifications } from "./find-notifications.ts";
import { createFindTasks } from "./find-tasks.ts";
import { createGenerateReport, listReports } from "./generate-report.ts";
import { readNotifications } from "./notifications.ts";
import type { Operations } from "./operations.ts";
import { createSendNotification } from "./send-notification.ts";
import { readTasks } from "./tasks.ts";
import { createUpdateInventory } from "./update-inventory.ts";
import { DELIVERY, type DeliverySettings } from "./webhook.ts";

export type { WebhookOptions } from "./endpoints.ts";

/** What is configured of the operations. */
export interface OperationsSettings {
  /** Endpoints of webhooks by name, or the path of a YAML file with them. Default: none. */
  readonly webhooks?: Readonly<Record<string, WebhookOptions>> | string | undefined;
  /** Where `${NAME}` in them is looked up. Default: the environment of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** How long a webhook has to answer, and the pauses before it is tried again. */
  readonly delivery?: Partial<DeliverySettings> | undefined;
}

export interface OperationsOptions extends OperationsSettings {
  /** Folder of `operations.db` and `reports`. Default: `.holdpoint`. */
  readonly home?: string | undefined;
  /** The file of the example store, whose stock it is. Default: `store.db` in `home`. */
  readonly store?: string | undefined;
  /** How mail is sent. Default: into the outbox in `home`. */
  readonly office?: Pick<OfficeOptions, "address" | "smtpUrl"> | undefined;
}

/** What the operations need of the packs beside them. */
interface Beside {
  readonly home: string;
  readonly store: () => Store;
  readonly office: { readonly mailer: Mailer; readonly address: string };
}

/** The actions of the operations, and what they keep open. */
export interface OpenOperations {
  readonly actions: Action[];
  /** All that a tenant has here, as people see it. */
  snapshot(tenant: string): unknown;
  close(): void;
}

/**
 * Everything that a plan may do in the operations. Nothing is opened before it is needed.
 * @throws HoldpointError `usage` when a webhook does not fit
 */
export function openOperations({ home, store, office }: Beside, settings: OperationsSettings = {}): OpenOperations {
  const files = operationsFiles(resolve(home));
  const { mailer, address } = office;
  const endpoints = openEndpoints(settings.webhooks, settings.environment ?? process.env);
  const operations = { files, store, mailer, address, endpoints, delivery: { ...DELIVERY, ...settings.delivery } };
  return {
    actions: actionsOf(operations),
    snapshot: (tenant) => ({
      tasks: readTasks(files.db(), tenant),
      notifications: readNotifications(files.db(), tenant),
      stock: store().snapshot(),
      reports: listReports(operations, tenant),
    }),
    close: () => files.close(),
  };
}

/**
 * The same for a program of one's own, without a way to close it: the databases are closed with the process.
 * @throws HoldpointError `usage` when an option does not fit
 */
export function operationsActions(options: OperationsOptions = {}): Action[] {
  const { home = ".holdpoint", office = {}, store: path = join(home, "store.db"), ...settings } = options;
  let opened: Store | undefined;
  const store = () => {
    opened ??= openStore(resolve(path));
    return opened;
  };
  return openOperations({ home, store, office: openOffice({ ...office, home }) }, settings).actions;
}

function actionsOf(operations: Operations): Action[] {
  return [
    createFindTasks(operations),
    createCreateTask(operations),
    createUpdateInventory(operations),
    createFindNotifications(operations),
    createSendNotification(operations),
    createGenerateReport(operations),
  ];
}
