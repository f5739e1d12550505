/** A button that can't be used now stays in view, and says why. */
import { Tooltip } from "@mantine/core";
import { cloneElement, type ReactElement } from "react";

interface Pressed {
  onClick?: () => void;
  "data-disabled"?: boolean;
  "aria-disabled"?: boolean;
}

/** `not`: why; undefined: it can be used. `effect`: what it then does. */
export function Why(props: {
  not: string | undefined;
  effect?: string | undefined;
  children: ReactElement<Pressed>;
}) {
  const { not, effect, children } = props;
  if (not === undefined && effect === undefined) return children;
  return (
    <Tooltip label={not ?? effect}>
      {not === undefined
        ? children
        : cloneElement(children, { onClick: () => undefined, "data-disabled": true, "aria-disabled": true })}
    </Tooltip>
  );
}
