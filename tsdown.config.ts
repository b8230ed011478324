import { defineConfig } from "tsdown";
import type { UserConfig } from "tsdown";

const families = [
  "samplers",
  "allocators",
  "uncertainty",
  "extractors",
  "voting",
  "prompts",
  "baselines",
  "evaluation",
  "local",
];

const config: UserConfig = defineConfig({
  entry: {
    index: "src/index.ts",
    cli: "src/cli.ts",
    ...Object.fromEntries(families.map((family) => [`${family}/index`, `src/${family}/index.ts`])),
  },
  format: ["esm", "cjs"],
  dts: true,
  platform: "neutral",
  target: "es2022",
  sourcemap: false,
  shims: true,
  copy: [{ from: "src/local/ledger.gguf", to: "dist/local" }],
});

export default config;
