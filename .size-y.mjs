import { build } from "esbuild";import { gzipSync } from "node:zlib";import {readFileSync} from "node:fs";
const kib=t=>(gzipSync(t,{level:9}).length/1024).toFixed(2);
const go=async(stub)=>{const plugin={name:"x",setup(b){b.onResolve({filter:/.*/},a=>{const p=stub.find(s=>a.path.includes(s));if(p&&!a.path.includes("slim"))return{path:a.path,namespace:"stub"}});b.onLoad({filter:/.*/,namespace:"stub"},a=>({contents:"module.exports={}",loader:"js"}));}};
const r=await build({stdin:{contents:`import { createTaskQueues } from "./src/slim.ts";\nexport default [createTaskQueues];`,resolveDir:process.cwd()},bundle:true,write:false,format:"esm",target:"es2024",conditions:["workerd","worker","browser"],external:["cloudflare:*"],plugins:[plugin],keepNames:true,logLevel:"silent"});return r.outputFiles[0].text};
const all=await go([]);console.log("all",kib(all));
for(const s of [["service/"],["task-egress"],["identity"],["oidc-routes"],["queue-pages"],["all-queues"],["first-version"],["stored-history"],["metrics/"],["queue-entry-schema","shape.ts","value-schemas","common-schemas","findings"],["origins"],["limited-queues"],["session"],["subtask-numbers"],["queue-reports"],["result-waiters"],["host-rules"],["respond"],["runner-calls"],["timed-cleaning","slices"]]) console.log(s.join(),kib(await go(s)));
const t=all.replace(/^(\s*)"[A-Z][^"]{15,}\."$/gm,(m,a)=>a+'""');console.log("no descr",kib(t),all.length-t.length);
const u=all.replace(/^\/\/ src\/\S+\n/gm,"");console.log("no path comments",kib(u));
