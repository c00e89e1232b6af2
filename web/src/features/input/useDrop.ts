import { type RefObject, useEffect, useRef, useState } from "react";

const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes("Files") ?? false;

/** What was dropped, without folders, of which a browser tells only that they are there. */
function filesOf({ dataTransfer }: DragEvent): File[] {
  return [...(dataTransfer?.items ?? [])]
    .filter((item) => item.kind === "file" && !item.webkitGetAsEntry()?.isDirectory)
    .flatMap((item) => item.getAsFile() ?? []);
}

/**
 * Takes files that are dropped anywhere in the `<main>` round an element. Gives that `<main>` while files hover over it.
 * Beside it nothing happens to them: the browser would leave the page to show them.
 */
export function useDrop(inside: RefObject<Element | null>, onFiles: (files: File[]) => void): Element | null {
  const [over, setOver] = useState<Element | null>(null);
  const take = useRef(onFiles);
  take.current = onFiles;
  useEffect(() => {
    const area = inside.current?.closest("main") ?? null;
    const isIn = (target: EventTarget | null) => target instanceof Node && area?.contains(target);
    const taken = (event: DragEvent) => isIn(event.target) && !document.querySelector('[role$="dialog"]');
    function onDrag(event: DragEvent) {
      if (!hasFiles(event)) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = taken(event) ? "copy" : "none";
      setOver(taken(event) ? area : null);
    }
    function onLeave(event: DragEvent) {
      if (!isIn(event.relatedTarget)) setOver(null);
    }
    function onDrop(event: DragEvent) {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(null);
      if (taken(event)) take.current(filesOf(event));
    }
    const listeners = { dragenter: onDrag, dragover: onDrag, dragleave: onLeave, drop: onDrop };
    for (const [type, listener] of Object.entries(listeners)) window.addEventListener(type, listener as EventListener);
    return () => {
      for (const [type, listener] of Object.entries(listeners))
        window.removeEventListener(type, listener as EventListener);
    };
  }, [inside]);
  return over;
}
