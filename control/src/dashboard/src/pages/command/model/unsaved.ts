/** The unsaved text of a configuration, and how forms and the editor change it: the text is the one truth, and the
 * console says what it comes to. Forms are ahead of it by what they have just sent. */
import { Refused } from "@/api/client";
import type { CommandFile, Validated } from "@/api/types";
import { validate, type Which } from "./calls";
import { words } from "@/words";
import type { Edit } from "./edits";
import { keep, kept, keyOf, readDraft, type Draft } from "./kept";
import { byLikeness } from "./likeness";
import { carried, renumbered, sheetOf, toSave, type ItemQueue, type Sheet } from "./sheet";

/** Milliseconds without typing before a text is asked about. */
const QUIET = 250;
/** How often an edit of a form waits for a text that goes on changing. */
const MOST_TRIES = 5;

export interface Shown {
  draft: Draft | null;
  /** What is known of the draft's text, or of one some moments older. null: nothing yet. */
  sheet: Sheet | null;
  /** As forms show them; null: as `sheet` has them, or what is saved. */
  queues: readonly ItemQueue[] | null;
  /** `queues` has what the text does not say yet. */
  ahead: boolean;
  /** Why the last edit of a form was not taken, or why nothing is known of the text. */
  refused: unknown;
  /** It could not be kept in the browser, and lives only as long as the page. */
  unkept: boolean;
}

const NOTHING: Shown = { draft: null, sheet: null, queues: null, ahead: false, refused: null, unkept: false };

class Unsaved {
  #shown: Shown;
  #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** What is sent is sent one after the other. */
  #chain: Promise<unknown> = Promise.resolve();
  #edits = 0;
  /** What the last edit of a form is of. */
  #edited: { file: CommandFile; base: Sheet } | null = null;
  /** Another one after each discard: what was asked before it is of no interest any more. */
  #life = 0;

  constructor(readonly which: Which) {
    this.#shown = { ...NOTHING, draft: kept(which) };
    // The page's other tabs.
    window.addEventListener("storage", (event) => {
      if (event.key === keyOf(which)) this.#take(readDraft(event.newValue));
    });
    // What is not kept yet: another tab may have kept something newer.
    window.addEventListener("pagehide", () => {
      if (this.#timer !== null || this.#shown.ahead) this.#keep();
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly snapshot = (): Shown => this.#shown;

  /** Asks what the text comes to that was kept from before. */
  look(): void {
    if (this.#behind() && this.#timer === null) void this.#flush();
  }

  /** The whole text, as it is typed. */
  write(text: string, file: CommandFile): void {
    if (this.#shown.ahead) {
      this.#life += 1; // it is newer than what forms have sent
      this.#set({ ahead: false, queues: this.#shown.sheet?.queues ?? null });
    }
    this.#become(text, file);
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#flush(), QUIET);
  }

  /** By a form. `file`: what is saved, and `base` what that comes to. Answers why it was not taken; null: it was. */
  async edit(edit: Edit, file: CommandFile, base: Sheet): Promise<unknown> {
    // What was typed comes first, also what is typed meanwhile.
    for (let tries = 1; this.#behind(); tries += 1) {
      const refused = await this.#flush();
      if (refused !== null || tries === MOST_TRIES)
        return refused ?? new Error(words.t("command.typedMeanwhile"));
    }
    const before = this.#shown.queues ?? base.queues ?? [];
    const queues = edit(before);
    if (queues === before) return null;
    this.#set({ queues, ahead: true, refused: null });
    this.#edits += 1;
    this.#edited = { file, base };
    this.#keep(); // the page may go before the console answers
    const [life, turn] = [this.#life, this.#edits];
    // A later one takes along what an earlier one has changed.
    const isLast = () => turn === this.#edits && life === this.#life;
    return this.#inTurn(() => (isLast() ? this.#send(file, base) : Promise.resolve()));
  }

  discard(): void {
    this.#life += 1;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#set(NOTHING);
    this.#keep();
  }

  /** What was written meanwhile, here or in another tab, is an edit of the version that was saved. */
  saved({ text, etag }: CommandFile): void {
    const { draft } = this.#shown;
    const isAll = !draft?.forms && !this.#shown.ahead;
    if (!draft || (draft.text === text && isAll)) this.discard();
    else this.rebase(etag);
  }

  /** It is an edit of that version now. */
  rebase(etag: string | null): void {
    const { draft } = this.#shown;
    if (!draft) return;
    this.#set({ draft: { ...draft, etag } });
    this.#keep();
  }

  #behind(): boolean {
    const { draft, sheet } = this.#shown;
    return draft !== null && (draft.forms !== undefined || sheet?.text !== draft.text);
  }

  async #send(file: CommandFile, base: Sheet): Promise<void> {
    const [life, turn] = [this.#life, this.#edits];
    const confirmed = this.#shown.sheet ?? base;
    const sent = this.#shown.queues ?? [];
    try {
      const answer = await validate(this.which, confirmed.text, toSave(sent, confirmed.queues ?? []));
      if (life !== this.#life) return;
      const sheet = told(answer, carried(sent));
      this.#become(answer.text, file);
      const ahead = turn !== this.#edits;
      const { draft, queues } = this.#shown;
      const newer = ahead && queues ? renumbered(queues, sheet.queues ?? []) : sheet.queues;
      this.#set(draft || ahead ? { sheet, queues: newer, ahead } : NOTHING);
      this.#keep();
    } catch (error) {
      if (life === this.#life) {
        const queues = isRefusal(error) ? { queues: confirmed.queues } : { draft: this.#whole() };
        this.#set({ ...queues, ahead: false });
        this.#keep();
      }
      throw error;
    }
  }

  /** Answers why nothing is known of the text; null: it is. */
  async #flush(): Promise<unknown> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#keep();
    return this.#inTurn(async () => {
      const { draft } = this.#shown;
      if (!draft || !this.#behind()) return;
      const life = this.#life;
      const { forms, ...plain } = draft;
      const as = (text: string) => {
        if (!forms || this.#shown.draft !== draft) return;
        this.#set({ draft: { ...plain, text } });
        this.#keep();
      };
      const learn = (answer: Validated) => {
        if (life !== this.#life) return;
        as(answer.text);
        const sheet = told(answer, byLikeness(this.#shown.queues ?? []));
        this.#set({ sheet, queues: sheet.queues, refused: null });
      };
      try {
        learn(await validate(this.which, draft.text, forms));
      } catch (error) {
        // Forms that are refused now would be so for ever, and nothing could be edited.
        if (forms && isRefusal(error)) learn(await validate(this.which, draft.text));
        throw error;
      }
    });
  }

  /** After what was asked before. Answers why it went wrong; null: it did not. */
  #inTurn(act: () => Promise<void>): Promise<unknown> {
    const done = this.#chain.then(act).then(
      () => null,
      (refused: unknown) => {
        this.#set({ refused });
        return refused;
      },
    );
    this.#chain = done;
    return done;
  }

  #become(text: string, file: CommandFile): void {
    const before = this.#shown.draft;
    if (text === file.text && (before === null || before.etag === file.etag)) {
      this.#set({ draft: null });
      return;
    }
    const { etag, since } = before ?? begun(file);
    this.#set({ draft: { text, etag, since } });
  }

  #take(draft: Draft | null): void {
    const mine = this.#shown.draft;
    if (this.#timer !== null && mine) {
      // What is being typed here is newer.
      if (draft) this.#set({ draft: { ...mine, etag: draft.etag } });
      return;
    }
    if (draft?.forms) return; // what that comes to follows
    this.#life += 1;
    this.#set({ draft, ahead: false, ...(draft === null && NOTHING) });
    this.look();
  }

  /** With what only forms have. */
  #whole(): Draft | null {
    const { draft, sheet, queues, ahead } = this.#shown;
    if (!ahead || !queues || !this.#edited) return draft;
    const { file, base } = this.#edited;
    const { text, queues: confirmed } = sheet ?? base;
    return { ...(draft ?? begun(file)), text, forms: toSave(queues, confirmed ?? []) };
  }

  #keep(): void {
    const unkept = !keep(this.which, this.#whole());
    if (unkept !== this.#shown.unkept) this.#set({ unkept });
  }

  #set(change: Partial<Shown>): void {
    this.#shown = { ...this.#shown, ...change };
    this.#listeners.forEach((listener) => listener());
  }
}

function begun({ text, etag }: CommandFile): Draft {
  return { text, etag, since: Date.now() / 1000 };
}

/** The console has looked at it, and will not have it. Anything else may be taken later. */
function isRefusal(error: unknown): boolean {
  return error instanceof Refused && [400, 413, 422].includes(error.status);
}

function told(answer: Validated, ids: Parameters<typeof sheetOf>[1]): Sheet {
  return sheetOf({ ...answer, count: answer.fault_count }, ids);
}

const all = new Map<string, Unsaved>();

export function unsavedOf(which: Which): Unsaved {
  const key = keyOf(which);
  const known = all.get(key);
  if (known) return known;
  const made = new Unsaved(which);
  all.set(key, made);
  return made;
}
