/** Dragging, the wheel and two fingers over the lanes; and what is pointed at. */
import { useEffect, useEffectEvent, useState, type RefObject } from "react";
import { clamp } from "./view";

/** Within the lanes; `clientY` within the window. */
interface At {
  x: number;
  y: number;
  clientY: number;
}

interface Gestures {
  /** By so many pixels, to the right. */
  pan: (pixels: number) => void;
  zoom: (factor: number, x: number) => void;
  point: (at: At | null) => void;
  open: (at: At, byFinger: boolean) => void;
}

/** Pixels until a press is no click. */
const STILL = 4;
const LINE = 16;

export function useGestures(of: RefObject<HTMLElement | null>, on: Gestures): { isDragging: boolean } {
  const [isDragging, setDragging] = useState(false);
  const wheel = useEffectEvent((event: WheelEvent, at: { x: number; y: number }) => {
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1;
    const sideways = event.shiftKey && !event.deltaX ? event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) on.zoom(Math.exp(-clamp(event.deltaY * unit, -50, 50) * 0.006), at.x);
    else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) on.pan(-sideways * unit);
    else return;
    event.preventDefault();
  });
  const pan = useEffectEvent((pixels: number) => on.pan(pixels));
  const zoom = useEffectEvent((factor: number, x: number) => on.zoom(factor, x));
  const point = useEffectEvent((at: At | null) => on.point(at));
  const open = useEffectEvent((at: At, byFinger: boolean) => on.open(at, byFinger));

  useEffect(() => {
    const element = of.current;
    if (!element) return;
    const fingers = new Map<number, { x: number; y: number }>();
    let begun: { x: number; y: number; isDrag: boolean } | null = null;
    const place = (event: MouseEvent) => {
      const { left, top } = element.getBoundingClientRect();
      return { x: event.clientX - left, y: event.clientY - top, clientY: event.clientY };
    };
    const down = (event: PointerEvent) => {
      if (event.button !== 0) return;
      fingers.set(event.pointerId, place(event));
      begun = fingers.size === 1 ? { ...place(event), isDrag: false } : null;
    };
    const move = (event: PointerEvent) => {
      const at = place(event);
      const before = fingers.get(event.pointerId);
      if (!before) {
        point(at);
        return;
      }
      const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        const apart = (one: { x: number }) => Math.max(24, Math.abs(one.x - other.x));
        zoom(apart(at) / apart(before), (at.x + other.x) / 2);
      } else if (begun && (begun.isDrag || Math.hypot(at.x - begun.x, at.y - begun.y) > STILL)) {
        if (!begun.isDrag) {
          begun.isDrag = true;
          element.setPointerCapture(event.pointerId);
          setDragging(true);
          point(null);
        }
        pan(at.x - before.x);
      } else return;
      fingers.set(event.pointerId, at);
    };
    const up = (event: PointerEvent) => {
      fingers.delete(event.pointerId);
      if (begun && !begun.isDrag && event.type === "pointerup")
        open(place(event), event.pointerType === "touch");
      begun = null;
      setDragging(false);
    };
    // A finger leaves with each tap, and what it has pointed at stays.
    const leave = (event: PointerEvent) => {
      if (!fingers.size && event.pointerType !== "touch") point(null);
    };
    const turned = (event: WheelEvent) => wheel(event, place(event));
    const all = new AbortController();
    const { signal } = all;
    element.addEventListener("wheel", turned, { passive: false, signal });
    element.addEventListener("pointerdown", down, { signal });
    element.addEventListener("pointermove", move, { signal });
    element.addEventListener("pointerup", up, { signal });
    element.addEventListener("pointercancel", up, { signal });
    element.addEventListener("pointerleave", leave, { signal });
    return () => all.abort();
  }, [of]);
  return { isDragging };
}
