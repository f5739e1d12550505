/** A question before something is lost: which tasks, and how much time; the harmless button has the focus. */
import { Button, getDefaultZIndex, Group, Modal, Text } from "@mantine/core";
import { createContext, use, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

interface Question {
  title: string;
  body: ReactNode;
  /** What leaves things as they are. */
  keep?: string;
  /** A safer way to what is wanted. */
  safer?: { label: string; icon?: ReactNode; act: () => void };
  /** The act, repeated in words. */
  act: { label: string; act: () => void };
}

/** Mantine closes all that is open at one Escape, but for a key pressed in what is marked so. */
const OWN_KEYS = { "data-mantine-stop-propagation": "true" };

const Context = createContext<(question: Question) => void>(() => undefined);

export function useConfirm(): (question: Question) => void {
  return use(Context);
}

export function ConfirmProvider({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const [question, setQuestion] = useState<Question | null>(null);
  const [open, setOpen] = useState(false);
  const close = () => {
    setOpen(false);
  };
  const done = (act: () => void) => () => {
    close();
    act();
  };
  return (
    <Context
      value={(asked) => {
        setQuestion(asked);
        setOpen(true);
      }}
    >
      {children}
      <Modal
        opened={open}
        onClose={close}
        title={question?.title}
        withCloseButton={false}
        size={520}
        // It may be asked of a drawer, which lies as high.
        zIndex={getDefaultZIndex("popover") - 1}
        // Gone at once: keys that come next are the page's.
        transitionProps={{ exitDuration: 0 }}
        onKeyDown={(event) => event.key === "Escape" && close()}
        attributes={{ content: OWN_KEYS }}
        // A name may be long; the buttons stay in view.
        styles={{ title: { overflowWrap: "anywhere", maxHeight: "30vh", overflowY: "auto" } }}
      >
        <Text component="div" fz="md" c="var(--gl-t2)">
          {question?.body}
        </Text>
        <Group justify="flex-end" mt="lg" gap="sm">
          <Button variant="subtle" onClick={close} data-autofocus {...OWN_KEYS}>
            {question?.keep ?? t("verbs.cancel")}
          </Button>
          {question?.safer && (
            <Button leftSection={question.safer.icon} onClick={done(question.safer.act)} {...OWN_KEYS}>
              {question.safer.label}
            </Button>
          )}
          <Button variant="danger" onClick={done(question?.act.act ?? close)} {...OWN_KEYS}>
            {question?.act.label}
          </Button>
        </Group>
      </Modal>
    </Context>
  );
}
