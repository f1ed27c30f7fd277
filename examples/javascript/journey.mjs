// A day of the client in one world, that of SANDBOX_KEY, to be judged as a whole afterwards.

import { Compliance, Service } from "./client.mjs";

const { SANDBOX_URL = "http://127.0.0.1:8800", SANDBOX_KEY } = process.env;
if (!SANDBOX_KEY) throw new Error("SANDBOX_KEY: expected a test key, such as ak_test_enterprise_journey");
const service = new Service(SANDBOX_URL, SANDBOX_KEY);
const compliance = new Compliance(service, 20);

const system = await compliance.register({
  name: "Loan Approval Engine",
  description: "Scores loan applications.",
  purpose: "Automate credit decisions",
  domain: "Financial Services / Credit Assessment",
});
for (const tier of ["high", "limited", "minimal"]) {
  console.log(tier, (await compliance.systems({ risk_tier: tier })).length);
}
const { data } = await service.read("/v1/systems/sys_abc123/monitoring");
console.log(system.id, (await compliance.systems()).length, data.overall_health);
