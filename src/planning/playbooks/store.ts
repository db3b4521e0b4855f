/** The playbooks of the sunglasses store. */
import type { Playbook } from "./playbook.ts";
import { sale, takeBack } from "./store-orders.ts";
import { productQuestion } from "./store-questions.ts";
import { stockAdjustment } from "./store-stock.ts";

export const storePlaybooks: readonly Playbook[] = [productQuestion, sale, takeBack, stockAdjustment];
