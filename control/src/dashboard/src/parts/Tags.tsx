/** A list of texts, each as a chip that can be taken out; Enter or a comma puts one in. */
import { TagsInput, type TagsInputProps } from "@mantine/core";
import css from "./Tags.module.css";

export function Tags(props: TagsInputProps) {
  return (
    <TagsInput
      size="sm"
      {...props}
      classNames={{ root: css.root, input: `gl-input ${css.input}`, pill: css.pill, inputField: css.field }}
    />
  );
}
