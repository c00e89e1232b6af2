import type { Emitter } from "highlight.js";
import core from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import type { Language } from "./languages";

export type Kind = "comment" | "keyword" | "string" | "number" | "function";
/** A piece of code, and how it is coloured. */
export type Token = [text: string, kind: Kind | null];

const kinds: Record<string, Kind | null> = {
  ...all("comment", "comment quote doctag"),
  ...all("keyword", "keyword literal type built_in name tag selector-tag meta deletion"),
  ...all("string", "string regexp char addition link"),
  ...all("number", "number symbol bullet variable template-variable selector-attr selector-pseudo"),
  ...all("function", "title section attr attribute property selector-class selector-id"),
  ...all(null, "subst params punctuation operator"),
};

function all<T>(kind: T, scopes: string): Record<string, T> {
  return Object.fromEntries(scopes.split(" ").map((scope) => [scope, kind]));
}

/** Collects tokens where the library would write HTML. */
class Tokens implements Emitter {
  readonly list: Token[] = [];
  private readonly kinds: (Kind | null)[] = [];

  // The library calls these, too, which its types do not say.
  openNode(scope: string): void {
    this.startScope(scope);
  }
  closeNode(): void {
    this.endScope();
  }
  startScope(scope: string): void {
    const kind = kinds[scope.split(".", 1)[0] ?? ""];
    this.kinds.push(kind === undefined ? (this.kinds.at(-1) ?? null) : kind);
  }
  endScope(): void {
    this.kinds.pop();
  }
  addText(text: string): void {
    if (!text) return;
    const kind = this.kinds.at(-1) ?? null;
    const last = this.list.at(-1);
    if (last && last[1] === kind) last[0] += text;
    else this.list.push([text, kind]);
  }
  __addSublanguage(inner: Emitter): void {
    if (inner instanceof Tokens) this.list.push(...inner.list);
  }
  toHTML(): string {
    return "";
  }
  finalize(): void {}
}

const languages = { bash, cpp, css, diff, go, java, json, python, sql, typescript, xml, yaml };
const highlighter = core.newInstance();
highlighter.configure({ __emitter: Tokens });
for (const [name, language] of Object.entries(languages)) highlighter.registerLanguage(name, language);
highlighter.registerLanguage("javascript", typescript); // a superset; scripts in HTML ask for it by this name

/** Code in its pieces. */
export function highlight(code: string, language: Language): Token[] {
  const { _emitter: emitter } = highlighter.highlight(code, { language, ignoreIllegals: true });
  return emitter instanceof Tokens ? emitter.list : [[code, null]];
}
