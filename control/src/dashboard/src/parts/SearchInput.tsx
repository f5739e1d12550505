/** A field to search by, whose text stands in the address. What is typed is kept here meanwhile: the address follows
 * after a moment, and a field that waits for it loses letters. The key / leads to it. */
import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { usePageKeys } from "@/shell/keys";

const PAUSE = 200;

interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
  width?: number | string;
}

export function SearchInput({ label, value, onChange, width = 196 }: Props) {
  const ref = useRef<HTMLInputElement>(null);
  usePageKeys({
    "/": (event) => {
      event.preventDefault();
      ref.current?.focus();
    },
  });
  const [typed, setTyped] = useState(value);
  const [told, setTold] = useState(value);
  const [seen, setSeen] = useState(value);
  if (value !== seen) {
    setSeen(value);
    if (value !== told) {
      // It was changed elsewhere: by a link, by "Show all".
      setTold(value);
      setTyped(value);
    }
  }
  const tell = useEffectEvent(() => {
    if (typed === told) return;
    setTold(typed);
    onChange(typed);
  });
  useEffect(() => {
    const timer = setTimeout(tell, PAUSE);
    return () => {
      clearTimeout(timer);
    };
  }, [typed]);
  return (
    <TextInput
      ref={ref}
      w={width}
      leftSection={<IconSearch size={14} stroke={1.75} />}
      placeholder={label}
      aria-label={label}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
      }}
    />
  );
}
