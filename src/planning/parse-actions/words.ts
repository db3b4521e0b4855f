/**
 * Words that answers use around actions, in English, German, French, Spanish, Chinese and Arabic. They help to read what
 * models write; they prove nothing, and what they let pass is still only proposed.
 */

/** Keys that mean the same, written small and without blanks, dashes and underscores. */
const ROLES = {
  confidence:
    "confidence confidencescore confidencelevel certainty konfidenz sicherheit confiance confianza 置信度 信心 الثقة",
  reasoning:
    "reasoning reason rationale justification explanation why because thought thoughts begründung grund raison justificación razón 理由 原因 السبب",
  title: "title name stepname label summary titel titre título 标题 العنوان",
  id: "id stepid actionid callid toolcallid step stepnumber",
  dependsOn: "dependson dependencies depends after requires prerequisites",
  args: "args arguments argument parameters parameter params input inputs actioninput toolinput kwargs parametres paramètres parámetros 参数 المعاملات",
  /** They say something about an action, and nothing of what it is to do. */
  remark:
    "description details priority notes comment comments impact risk risks expectedoutput expectedresult expectedoutcome version category tags index order number",
} as const;

export type KeyRole = keyof typeof ROLES;

const ROLE_OF: ReadonlyMap<string, KeyRole> = new Map(
  (Object.keys(ROLES) as KeyRole[]).flatMap((role) => ROLES[role].split(" ").map((word) => [word, role] as const)),
);

export const plainKey = (key: string): string => key.toLowerCase().replaceAll(/[\s_-]/g, "");

export const roleOf = (key: string): KeyRole | undefined => ROLE_OF.get(plainKey(key));

const NOT =
  /\b(?:not(?! only)|never|cannot|refuse|avoid|instead of|rather than|nicht|niemals|kein|keine|keinen|statt|anstatt|pas|jamais|au lieu de|nunca|jamás|en vez de)\b|n['’]t\b|不|别|勿|禁止|避免|لا |لن |ليس|بدلا/iu;
const EXAMPLE =
  /\b(?:for example|for instance|such as|e\.\s?g\.|zum beispiel|beispielsweise|z\.\s?b\.|par exemple|p\.\s?ex\.|por ejemplo)|例如|比如|مثلا|على سبيل المثال/iu;
/** After one of these, what was denied before it in the sentence is over: "it is not in stock, so: ...". */
const HENCE =
  /\b(?:so|thus|hence|therefore|instead|here|deshalb|daher|stattdessen|hier|donc|voici|alors|entonces|aquí)\b|因此|所以|以下|لذلك|إليك/iu;
const SENTENCE_END = /[.!?؟](?=\s)|[。！？](?!$)|\n\s*\n/gu;
const REACH = 300;

/**
 * Whether the words directly before something say that it is not to be done, or is an example: "Never do this: ...".
 * @param before what stands before it; only its last sentence counts
 */
export function speakAgainst(before: string): boolean {
  const near = before.slice(-REACH).trimEnd();
  if (/(?:e\.\s?g|z\.\s?b|p\.\s?ex)\.$/i.test(near)) return true;
  const end = [...near.matchAll(SENTENCE_END)].at(-1);
  const sentence = end ? near.slice(end.index + end[0].length) : near;
  // A sentence that has ended introduces nothing, unless it is an order.
  if (/[.!?؟。！？]$/u.test(sentence)) return FORBIDS.test(sentence.trimStart());
  const lastClause = sentence.split(/[,;，；]/).at(-1) ?? "";
  return EXAMPLE.test(sentence) || (NOT.test(sentence) && !HENCE.test(lastClause));
}

const CONDITION =
  /^(?:(?:only|if|unless|when|once|until|till|after|before|wenn|falls|sofern|sobald|nur|nach|si|lorsque|quand|seulement|après|solo|cuando|después)(?!\p{L})|如果|若|当|除非|仅|إذا|عندما|فقط)/iu;
const FORBIDS =
  /^(?:(?:do not|don['’]t|never|not|must not|should not|shouldn['’]t|nicht|niemals|ne|pas|jamais|no|nunca)(?!\p{L})|不|勿|别|禁止|لا )/iu;

/** What words behind an action take back or make conditional, such as "if he agrees" or "do not run this". */
export function takesBack(after: string): boolean {
  const words = after.replace(/^[\s,，;；:：.—–(（-]+/u, "");
  return CONDITION.test(words) || FORBIDS.test(words);
}

/** Whether words give a reason, so that they cannot be part of the value before them. */
export const givesReason = (words: string): boolean =>
  /^(?:(?:because|since|as|to|so|reason|reasoning|rationale|due to|weil|da|denn|um|grund|begründung|car|parce que|pour|raison|porque|para|razón)(?!\p{L})|因为|由于|为了|理由|原因|لأن|بسبب)/iu.test(
    words,
  );

export const CONFIDENCE_WORD = "(?:confidence|certainty|konfidenz|sicherheit|confiance|confianza|置信度|信心|الثقة)";
/** The line that names the action of a block, such as `ACTION: sell`. */
export const ACTION_LABEL =
  /^(?:\*\*|__)?(?:action|tool|function|aktion|acción|操作|动作|الإجراء)(?:[ \t]?(?:name|type))?(?:\*\*|__)?[ \t]*[:：](?:\*\*|__)?[ \t]*/iu;
/** Before the number of a step, such as `Step 2:`. */
export const STEP_WORD = "(?:step|action|schritt|aktion|étape|paso|步骤|步驟|الخطوة)";
export const NOTHING = /^(?:none|nothing|n\/a|keine?|aucun|ninguno|无|-|–|—)$/iu;
