import { useEffect, useMemo, useState } from "react";
import type { highlight, Token } from "./highlight";
import { languageOf } from "./languages";

/** More than this is not coloured: it would keep the page from answering. */
const longest = 8_000;
/** Nor is what has no words: some languages' patterns take quadratic time for it. */
const endless = /\S{250}/;

let loaded: typeof highlight | undefined;

/** The pieces of code by colour; null while they are not known, or when there are none. The library comes with the first code. */
export function useTokens(code: string, info: string): Token[] | null {
  const language = code.length <= longest && !endless.test(code) ? languageOf(info) : null;
  const [colour, setColour] = useState(() => loaded);
  useEffect(() => {
    if (!language || loaded) return;
    let gone = false;
    import("./highlight").then(
      (module) => {
        loaded = module.highlight;
        if (!gone) setColour(() => module.highlight);
      },
      () => {}, // without a connection code has no colours
    );
    return () => {
      gone = true;
    };
  }, [language]);
  return useMemo(() => (language && colour ? colour(code, language) : null), [code, language, colour]);
}
