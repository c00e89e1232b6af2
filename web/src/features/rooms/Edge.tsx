import { type KeyboardEvent, type PointerEvent, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { recall, remember } from "../../ui/memory";
import styles from "./Edge.module.css";

const key = "roomful:sidebar";
const [narrowest, usual, widest] = [200, 260, 400];
const step = 20;

const within = (width: number) => Math.round(Math.min(widest, Math.max(narrowest, width)));

/**
 * The edge of the list, by which it is made wider and narrower; this browser keeps the width. It is drawn by a property
 * of what is around it, as nothing else is to be drawn again for it.
 */
export function Edge() {
  const { t } = useTranslation();
  const edge = useRef<HTMLHRElement>(null);
  const [width, setWidth] = useState(() => within(Number(recall(key)) || usual));
  useLayoutEffect(() => {
    edge.current?.parentElement?.style.setProperty("--size-sidebar", `${width}px`);
  }, [width]);

  function keep(wanted: number) {
    setWidth(within(wanted));
    remember(key, String(within(wanted)));
  }
  const towardsEnd = () => (edge.current?.matches(":dir(rtl)") ? -1 : 1);

  function onKeyDown(event: KeyboardEvent) {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (way) keep(width + way * towardsEnd() * step);
    else if (event.key === "Home") keep(narrowest);
    else if (event.key === "End") keep(widest);
    else return;
    event.preventDefault();
  }

  function onPointerDown(event: PointerEvent<HTMLElement>) {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    event.preventDefault(); // no text is marked on the way
  }
  function onPointerMove(event: PointerEvent<HTMLElement>) {
    const { currentTarget, pointerId, clientX } = event;
    const around = currentTarget.parentElement?.getBoundingClientRect();
    if (!around || !currentTarget.hasPointerCapture(pointerId)) return;
    setWidth(within(towardsEnd() > 0 ? clientX - around.left : around.right - clientX));
  }

  return (
    <hr
      ref={edge}
      className={styles.edge}
      aria-orientation="vertical"
      aria-label={t("rooms.width")}
      aria-valuenow={width}
      aria-valuemin={narrowest}
      aria-valuemax={widest}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onLostPointerCapture={() => keep(width)}
      onDoubleClick={() => keep(usual)}
    />
  );
}
