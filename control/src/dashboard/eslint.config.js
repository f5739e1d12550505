import hooks from "eslint-plugin-react-hooks";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  { ignores: ["dist", "node_modules", "src/api/schema.ts", "public"] },
  tseslint.configs.strictTypeChecked,
  { languageOptions: { parserOptions: { projectService: { allowDefaultProject: ["eslint.config.js"] } } } },
  { files: ["src/**/*.{ts,tsx}"], ...hooks.configs.flat["recommended-latest"] },
  {
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // The React compiler is not used.
      "react-hooks/incompatible-library": "off",
      "max-lines": ["error", { max: 300 }],
      "max-lines-per-function": ["error", { max: 90 }],
    },
  },
  {
    files: ["src/words/*.ts", "src/**/*.test.ts{,x}"],
    rules: { "max-lines": "off", "max-lines-per-function": "off" },
  },
);
