import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { useChatActions } from "../../ChatContext";

/** What is this near to the part of the log that is seen is fetched. */
const margin = "600px";
/** An address may have run out before it was used: so often it is asked for again by itself. */
const mostAttempts = 2;

interface FileUrl<T> {
  /** On what shows the file. */
  ref: RefObject<T | null>;
  /** Undefined until the element is near, and while the address is asked for. */
  url: string | undefined;
  failed: boolean;
  /** The element could not show it. */
  onError: () => void;
  retry: () => void;
}

/** The address of a file, asked for when its place comes near: most of a room's files are never looked at. */
export function useFileUrl<T extends Element>(media: string): FileUrl<T> {
  const chat = useChatActions();
  const ref = useRef<T>(null);
  const [near, setNear] = useState(false);
  const [attempt, setAttempt] = useState(1);
  const [url, setUrl] = useState<string>();
  const [failed, setFailed] = useState(false);

  useEffect(() => {
    if (near || !ref.current) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && setNear(true), {
      rootMargin: margin,
    });
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, [near]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each attempt asks once
  useEffect(() => {
    if (!near) return;
    let wanted = true;
    chat.fileUrl(media).then(
      (found) => wanted && setUrl(found),
      () => wanted && setFailed(true),
    );
    return () => {
      wanted = false;
    };
  }, [near, media, chat, attempt]);

  const onError = useCallback(() => {
    setUrl(undefined);
    if (attempt < mostAttempts) setAttempt(attempt + 1);
    else setFailed(true);
  }, [attempt]);
  const retry = useCallback(() => {
    setFailed(false);
    setAttempt(1);
    setUrl(undefined);
    setNear(false); // and near again at once, which asks
  }, []);
  return { ref, url, failed, onError, retry };
}
