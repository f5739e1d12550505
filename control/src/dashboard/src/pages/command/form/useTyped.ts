/** A value while it is typed: taken over some moments after the last key, and when the field is left. */
import { refusalText } from "@/words/refused";
import { useCallback, useEffect, useRef, useState } from "react";
import { Misread } from "../model/fields";

const QUIET = 600;

interface Options<T> {
  /** As it is now, as text. */
  now: string;
  /** Raises Misread. */
  read: (typed: string) => T;
  /** Answers why it was not taken; null: it was. */
  commit: (value: T) => Promise<unknown>;
  /** What is said of what can't be read. */
  bad: string;
}

export interface Typed {
  text: string;
  error: string | null;
  type: (text: string) => void;
  leave: () => void;
}

export function useTyped<T>({ now, read, commit, bad }: Options<T>): Typed {
  const [typed, setTyped] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const due = useRef<(() => Promise<boolean>) | null>(null);

  const flush = useCallback(async (): Promise<boolean> => {
    if (timer.current) clearTimeout(timer.current);
    timer.current = null;
    const act = due.current;
    due.current = null;
    return act ? await act() : true;
  }, []);
  // What was typed last is not lost with the field, nor with the page.
  useEffect(() => {
    const act = () => void flush();
    window.addEventListener("pagehide", act);
    return () => {
      window.removeEventListener("pagehide", act);
      act();
    };
  }, [flush]);

  const take = async (text: string): Promise<boolean> => {
    let value: T;
    try {
      value = read(text);
    } catch (wrong) {
      if (!(wrong instanceof Misread)) throw wrong;
      setError(bad);
      return false;
    }
    const refused = text === now ? null : await commit(value);
    setError(refused === null ? null : refused instanceof Error ? refusalText(refused) : bad);
    return refused === null;
  };
  return {
    text: typed ?? now,
    error,
    type: (text) => {
      setTyped(text);
      due.current = () => take(text);
      if (timer.current) clearTimeout(timer.current);
      timer.current = setTimeout(() => void flush(), QUIET);
    },
    leave: () => {
      const wrong = error !== null;
      void flush().then((taken) => {
        if (taken && !wrong) setTyped(null);
      });
    },
  };
}
