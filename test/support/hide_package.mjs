// A preload (`node --import`) under which the package named by HIDDEN_PACKAGE is not installed.
import { register } from "node:module";

const hook = `
  export async function resolve(specifier, context, next) {
    if (specifier === ${JSON.stringify(process.env.HIDDEN_PACKAGE)}) {
      throw Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
    }
    return next(specifier, context);
  }
`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
