import { Check, Copy } from "lucide-react";
import { Fragment, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import styles from "./RichText.module.css";
import { useTokens } from "./useTokens";

/** Code in a fence; `info` is what stands behind the opening fence, beginning with the language. */
export function CodeBlock({ code, info }: { code: string; info: string }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  const tokens = useTokens(code, info);
  return (
    <figure className={styles.code} aria-label={info ? t("text.codeIn", { language: info }) : t("text.code")}>
      <div className={styles.head}>
        <span className="truncate" dir="auto">
          {info}
        </span>
        <IconButton
          label={t(copied ? "copied" : "text.copy")}
          onClick={() => navigator.clipboard.writeText(code).then(() => setCopied(true))}
          onBlur={() => setCopied(false)}
        >
          <Icon of={copied ? Check : Copy} size={14} />
        </IconButton>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the arrow keys */}
      <pre dir="ltr" tabIndex={0}>
        <code>
          {tokens
            ? tokens.map(([text, kind], index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of code do not move
                <Fragment key={index}>{kind ? <span className={styles[kind]}>{text}</span> : text}</Fragment>
              ))
            : code}
        </code>
      </pre>
    </figure>
  );
}
