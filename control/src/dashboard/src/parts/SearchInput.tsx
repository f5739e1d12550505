/** A field to search by, whose text stands in the address. What is typed is kept here meanwhile: the address follows
 * after a moment, and a field that waits for it loses letters. */
import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useEffect, useEffectEvent, useState, type Ref } from "react";

const PAUSE = 200;

interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
  width?: number | string;
  ref?: Ref<HTMLInputElement>;
}

export function SearchInput({ label, value, onChange, width = 196, ref }: Props) {
  const [typed, setTyped] = useState(value);
  const [told, setTold] = useState(value);
  if (value !== told) {
    // It was changed elsewhere: by a link, by "Show all".
    setTold(value);
    setTyped(value);
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
