/**
 * Words that end a text in a request, because they begin something else: a second wish, a condition, a negation, a time,
 * a courtesy. A text that holds one is taken only between quotation marks. The lists cannot be whole; they cover what
 * follows a value most often, in many languages, without words that are common in another one ("of" is Dutch for "or").
 */
import { fold } from "./request-words.ts";

const list = (text: string): string[] => text.split(/\s+/u).filter(Boolean).map(fold);

const JOINTS = list(`
  and plus or then also but y e luego pero o además et puis mais ou ensuite und danach aber oder sowie dazu
  poi oppure inoltre depois mas também daarna maar ook og och eller samt mutta oraz potem lub albo potom nebo
  и затем потом но или ще та або але ve sonra ama veya lalu atau και μετά αλλά ή și apoi dar sau és majd vagy
  và rồi nhưng hoặc ו או אבל و ثم أو لكن और फिर या लेकिन`);
const CONDITIONS = list(`
  if unless when whenever until while once because since after before otherwise instead except excluding
  si cuando hasta salvo excepto porque quand lorsque sauf sinon wenn falls sobald bis außer weil sonst
  quando tranne altrimenti senão als wanneer tenzij behalve om hvis når medmindre jos kun paitsi
  jeśli gdy chyba oprócz pokud když если когда кроме якщо коли eğer hariç jika kalau kecuali αν όταν εκτός
  dacă când amikor kivéve nếu khi trừ אם כאשר إذا عندما إلا अगर जब`);
const NEGATIONS = list(`
  not no never neither nor without don doesn won cannot non sans pas jamais nicht kein keine ohne nie sin nunca
  não sem senza mai niet geen zonder ikke uten inte utan aldrig ei ilman nie bez не без değil olmadan tidak tanpa
  δεν μην χωρίς nu fără nem nélkül không בלי לא بدون لا नहीं बिना`);
const TIMES = list(`
  now today tonight tomorrow yesterday later soon asap immediately urgently ahora hoy mañana ayer maintenant
  aujourd demain hier jetzt heute morgen gestern sofort adesso oggi domani ieri agora hoje amanhã ontem nu vandaag
  gisteren idag imorgon nyt tänään huomenna dziś jutro wczoraj dnes zítra сейчас сегодня завтра вчера сьогодні
  şimdi bugün yarın sekarang besok σήμερα αύριο azi mâine holnap היום מחר اليوم غدا आज कल`);
const COURTESIES = list(`
  please thanks thank thx cheers kindly bitte danke merci gracias grazie obrigado obrigada tack takk kiitos proszę
  dziękuję prosím děkuji пожалуйста спасибо lütfen teşekkürler tolong terima παρακαλώ köszönöm בבקשה تكرما شكرا कृपया`);

const TURNING: ReadonlySet<string> = new Set([...JOINTS, ...CONDITIONS, ...NEGATIONS, ...TIMES]);
/** Also with a capital: requests begin with them. */
const POLITE: ReadonlySet<string> = new Set(COURTESIES);

/** In scripts without spaces, anywhere in the text. */
const TURNING_PARTS =
  /然后|然後|但是|如果|除了|除非|不要|并且|並且|以及|或者|明天|今天|现在|現在|そして|それから|しかし|もし|または|ください|しないで|明日|今日|그리고|그러나|하지만|만약|또는|오늘|내일|지금|แล้ว|และ|แต่|ถ้า|หรือ|พรุ่งนี้|วันนี้/u;

/** Joints that also stand before the last item of a list. */
const AND: ReadonlySet<string> = new Set(
  list("and y e et und ed en og och ja i oraz a и та ve dan και și és và ו و और と 和 与 및 และ plus"),
);

/**
 * Whether a text holds such a word. With a capital it is part of a name ("May", "Dan And Sons"), unless all is capitals.
 * @param words folded, and as they were written
 */
export function turns(words: readonly { text: string; said: string }[]): boolean {
  const shouts = words.every(({ said }) => said === said.toUpperCase());
  const isCapital = (said: string) => !shouts && said.charAt(0) !== said.charAt(0).toLowerCase();
  if (words.some(({ text, said }) => POLITE.has(text) || (TURNING.has(text) && !isCapital(said)))) return true;
  return TURNING_PARTS.test(words.map(({ said }) => said).join(""));
}

/** Whether a word may stand between the last two items of a list. */
export const joinsItems = (word: string): boolean => AND.has(word);
