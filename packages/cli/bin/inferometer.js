#!/usr/bin/env node
// Kept apart from dist/, so that the command can be linked before the first build.
import { main } from "../dist/main.js";

await main();
