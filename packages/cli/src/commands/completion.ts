import { type Command, defineCommand } from "../command.ts";

export const completion: Command = defineCommand({
  name: "completion",
  summary: "print a completion script for a shell",
  description: ["The script knows all commands, options and their values. Load it where your shell starts."],
  arguments: { name: "shell", help: "bash, zsh or fish.", least: 1, most: 1, complete: ["bash", "zsh", "fish"] },
  options: {},
  examples: [
    { line: 'eval "$(inferometer completion bash)"', does: "bash: in ~/.bashrc" },
    { line: 'eval "$(inferometer completion zsh)"', does: "zsh: in ~/.zshrc, after compinit" },
    { line: "inferometer completion fish | source", does: "fish: in ~/.config/fish/config.fish" },
  ],
  load: async () => (await import("../completion/run.ts")).runCompletion,
});
