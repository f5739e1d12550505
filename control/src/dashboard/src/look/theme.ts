/** Mantine as our tokens have it. */
import {
  ActionIcon,
  Button,
  createTheme,
  type CSSVariablesResolver,
  Menu,
  Modal,
  NumberInput,
  SegmentedControl,
  Select,
  Switch,
  Textarea,
  TextInput,
  Tooltip,
  type MantineColorsTuple,
} from "@mantine/core";

// Buttons and links are black, white and grey. Shades of Mantine's own are not seen: the variables below are.
const neutral: MantineColorsTuple = [
  "#f6f7f8",
  "#f1f3f5",
  "#e6e9ed",
  "#b9c1ca",
  "#929ca8",
  "#68727e",
  "#48525e",
  "#232830",
  "#13161a",
  "#0c0e11",
];

const BUTTONS: Record<string, Record<string, string>> = {
  filled: {
    "--button-bg": "var(--gl-t1)",
    "--button-color": "var(--gl-bg)",
    "--button-hover": "var(--gl-t2)",
  },
  subtle: { "--button-color": "var(--gl-t1)", "--button-hover": "var(--gl-s2)" },
  // Only inside a confirmation.
  danger: {
    "--button-bg": "transparent",
    "--button-color": "var(--gl-failed)",
    "--button-hover": "var(--gl-s3)",
    "--button-bd": "1px solid var(--gl-bd2)",
  },
};

export const theme = createTheme({
  fontFamily:
    'Inter, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", system-ui, -apple-system, "Segoe UI", sans-serif',
  fontFamilyMonospace: '"JetBrains Mono", ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace',
  fontSizes: { xs: "11px", sm: "12px", md: "13px", lg: "14px", xl: "18px" },
  lineHeights: { xs: "16px", sm: "16px", md: "20px", lg: "20px", xl: "24px" },
  spacing: { xs: "4px", sm: "8px", md: "12px", lg: "16px", xl: "24px" },
  radius: { xs: "2px", sm: "4px", md: "6px", lg: "8px", xl: "12px" },
  defaultRadius: "md",
  colors: { neutral },
  primaryColor: "neutral",
  autoContrast: false,
  cursorType: "pointer",
  breakpoints: { xs: "400px", sm: "640px", md: "900px", lg: "1100px", xl: "1440px" },
  components: {
    Button: Button.extend({
      defaultProps: { size: "compact-md", variant: "default" },
      vars: (_, { variant }) => ({ root: BUTTONS[variant ?? "default"] ?? {} }),
    }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", size: 28 } }),
    Tooltip: Tooltip.extend({
      defaultProps: { openDelay: 400, multiline: true, maw: 360, withinPortal: true },
    }),
    TextInput: TextInput.extend({ defaultProps: { size: "sm" }, classNames: { input: "gl-input" } }),
    Select: Select.extend({
      defaultProps: { size: "sm", allowDeselect: false },
      classNames: { input: "gl-input" },
    }),
    NumberInput: NumberInput.extend({ defaultProps: { size: "sm" }, classNames: { input: "gl-input" } }),
    Textarea: Textarea.extend({ defaultProps: { size: "sm" }, classNames: { input: "gl-input" } }),
    Switch: Switch.extend({
      defaultProps: { size: "sm" },
      classNames: { track: "gl-track", thumb: "gl-thumb" },
    }),
    SegmentedControl: SegmentedControl.extend({
      defaultProps: { size: "sm", withItemsBorders: false },
      classNames: { root: "gl-segments", label: "gl-segment", indicator: "gl-indicator" },
    }),
    Menu: Menu.extend({ defaultProps: { position: "bottom-end", shadow: "md" } }),
    Modal: Modal.extend({
      defaultProps: { radius: "xl", centered: true, transitionProps: { duration: 120 } },
    }),
  },
});

/** Mantine's variables said in ours, the same names in both schemes. */
export const variables: CSSVariablesResolver = () => {
  const ours = {
    "--mantine-color-body": "var(--gl-bg)",
    "--mantine-color-text": "var(--gl-t1)",
    "--mantine-color-dimmed": "var(--gl-t3)",
    "--mantine-color-bright": "var(--gl-t1)",
    "--mantine-color-placeholder": "var(--gl-t3)",
    "--mantine-color-anchor": "var(--gl-t1)",
    "--mantine-color-error": "var(--gl-failed)",
    "--mantine-color-default": "var(--gl-s2)",
    "--mantine-color-default-hover": "var(--gl-s3)",
    "--mantine-color-default-color": "var(--gl-t1)",
    "--mantine-color-default-border": "var(--gl-bd)",
    "--mantine-color-disabled": "var(--gl-s2)",
    "--mantine-color-disabled-color": "var(--gl-t3)",
    "--mantine-color-disabled-border": "var(--gl-bd)",
    "--mantine-primary-color-filled": "var(--gl-t1)",
    "--mantine-primary-color-filled-hover": "var(--gl-t2)",
    "--mantine-primary-color-contrast": "var(--gl-bg)",
    "--mantine-primary-color-light": "var(--gl-s3)",
    "--mantine-primary-color-light-hover": "var(--gl-s3)",
    "--mantine-primary-color-light-color": "var(--gl-t1)",
  };
  return { variables: {}, light: ours, dark: ours };
};
