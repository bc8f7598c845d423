/**
 * The declarations of several modules in one file: without imports of each other; what is exported of the last one stays exported,
 * and of the others nothing is.
 * @param declarations in the order of their dependencies, the public module last
 */
export function flatTypes(declarations: readonly string[]): string {
  return declarations.map((part, index) => flattened(part, index === declarations.length - 1)).join("\n");
}

function flattened(declarations: string, isPublic: boolean): string {
  const alone = declarations.replaceAll(/^import [^;]* from "\.[^;]*;\n/gm, "");
  return isPublic
    ? alone.replaceAll(/^(export (?:type )?\{[^}]*\}) from "[^"]*";/gm, "$1;")
    : alone.replaceAll(/^export (declare |interface |type )(?!\{)/gm, "$1").replaceAll(/^export [^;]*;\n/gm, "");
}
