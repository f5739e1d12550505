/** A field of one line that is taken over as it is typed. */
import { TextInput, type TextInputProps } from "@mantine/core";
import { useTyped } from "./useTyped";

interface Props<T> extends Pick<TextInputProps, "label" | "rightSection" | "placeholder" | "className"> {
  now: string;
  read: (typed: string) => T;
  commit: (value: T) => Promise<unknown>;
  bad?: string;
  whyNot?: string | undefined;
  mono?: boolean;
}

export function Field<T>({ now, read, commit, bad = "", whyNot, mono, ...rest }: Props<T>) {
  const typed = useTyped({ now, read, commit, bad });
  return (
    <TextInput
      {...rest}
      value={typed.text}
      error={typed.error}
      readOnly={whyNot !== undefined}
      title={whyNot}
      spellCheck={false}
      autoComplete="off"
      styles={mono ? { input: { fontFamily: "var(--mantine-font-family-monospace)" } } : {}}
      onChange={(event) => typed.type(event.currentTarget.value)}
      onBlur={typed.leave}
      onKeyDown={(event) => {
        if (event.key === "Enter") typed.leave();
      }}
    />
  );
}
