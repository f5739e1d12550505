/** A canvas as large as it is shown, drawn again whenever its drawing is another one. */
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { forgetWidths } from "./pen";

interface Props {
  width: number;
  height: number;
  top?: number;
  className?: string | undefined;
  paint: (to: CanvasRenderingContext2D, ratio: number) => void;
}

export function Canvas({ width, height, top = 0, className, paint }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const fonts = useFonts();
  useLayoutEffect(() => {
    const element = canvas.current;
    const to = element?.getContext("2d");
    if (!element || !to || !width || !height) return;
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    // Setting a size, even the same, makes a new picture.
    if (element.width !== w) element.width = w;
    if (element.height !== h) element.height = h;
    paint(to, ratio);
  }, [width, height, paint, fonts]);
  return <canvas ref={canvas} className={className} aria-hidden style={{ width, height, top }} />;
}

/** Another number once letters have come. */
function useFonts(): number {
  const [loaded, setLoaded] = useState(0);
  useEffect(() => {
    const done = () => {
      forgetWidths();
      setLoaded((before) => before + 1);
    };
    document.fonts.addEventListener("loadingdone", done);
    return () => {
      document.fonts.removeEventListener("loadingdone", done);
    };
  }, []);
  return loaded;
}
