/** What people say around a request without changing it. Phrases for every playbook, in the language of form.ts. */
import type { Phrases } from "./form.ts";

export const COURTESY: Phrases = {
  greeting:
    "(hi|hello|hey|hiya|greetings|dear) [there|team|all|everyone|sir|madam|store|again] | good (morning|afternoon|evening|day)",
  please: "please | kindly | thanks | thank you | excuse me | sorry [to bother you] | ok | okay | alright",
  ability: "(can|could|may|might) (i|we) [just] | (can|could|would|will) you [help me [to] | just]",
  wish: "(i|we) [just|really] (want|need|wish|would like|would love|am looking|are looking|am here|are here) to",
  demand: "(i|we) (want|need|would like) you to | let (me|us) | help me [to] | go ahead and | would it be possible to",
  before: "( , | . | ! | - | <greeting> | <please> | <ability> | <wish> | <demand> )*",
  gratitude: "(thanks|thank you|thx|cheers) [again|a lot|so much|very much|in advance|a million] | many thanks",
  after: "( , | . | ! | ? | … | - | please | <gratitude> )*",
  pause: "[,|-] [please] [,|-]",
};
