import { describe } from "@jest/globals";
import { createMemoryStores } from "../../src/store/memory/stores.js";
import { storesContract } from "./contracts/all.js";

describe("stores in memory", () => storesContract(createMemoryStores));
