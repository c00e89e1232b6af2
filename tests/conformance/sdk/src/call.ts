/** Calls of the control server (../control/desk.ts), from Node and from a page alike. */
import { inject } from "vitest";
import type { Calls } from "../control/desk";

type Result<C extends keyof Calls> = Awaited<ReturnType<Calls[C]>>;

export async function call<C extends keyof Calls>(name: C, ...given: Parameters<Calls[C]>): Promise<Result<C>> {
  const answer = await fetch(inject("control"), { method: "POST", body: JSON.stringify({ call: name, given }) });
  const { value, error } = await answer.json();
  if (error !== undefined) throw new Error(error);
  return value;
}
