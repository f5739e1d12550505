/** Calls of the console's API: typed by its OpenAPI document, with problems as errors. */
import createClient from "openapi-fetch";
import type { paths } from "./schema";
import type { Problem } from "./types";

const api = createClient<paths>();
export const { GET, POST, PUT, DELETE } = api;

/** What the console has answered with instead. `message` is its sentence for people. */
export class Refused extends Error {
  override name = "Refused";

  constructor(
    readonly status: number,
    readonly problem: Problem & Record<string, unknown>,
  ) {
    super(problem.detail);
  }
}

/** Nothing has answered. */
export class NoConnection extends Error {
  override name = "NoConnection";
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer. Raises Refused or NoConnection. */
export async function ask<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data } = await answered(call);
  return data;
}

/** The same with the response, for its headers. */
export async function answered<T>(call: Promise<Answer<T>>): Promise<{ data: T; response: Response }> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (error) {
    throw new NoConnection(String(error), { cause: error });
  }
  const { response, error } = answer;
  if (response.status === 401) leave();
  if (!response.ok) throw new Refused(response.status, problemOf(error, response));
  return { data: answer.data as T, response };
}

function problemOf(error: unknown, response: Response): Problem {
  if (typeof error === "object" && error !== null && "detail" in error) return error as Problem;
  const detail = `${response.status} ${response.statusText}`.trim();
  return { type: "no-problem", title: detail, status: response.status, detail, faults: [] };
}

/** Which version is saved over: the one that was seen; null: there was none; "*": whatever is there. */
export function matching(etag: string | null): { "if-match": string } | { "if-none-match": string } {
  if (etag === null) return { "if-none-match": "*" };
  return { "if-match": etag === "*" ? "*" : `"${etag}"` };
}

/** To the login; and back to this very page after it. */
export function leave(): void {
  const here = location.pathname + location.search;
  location.assign(`/login?to=${encodeURIComponent(here)}`);
}
