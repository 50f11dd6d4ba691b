-- Sends the lines of a file, `METHOD <tab> PATH <tab> BODY <tab> IF-NONE-MATCH`, over and over, or each once.
-- One thread for each process of the server, with its share of the connections and lines. `@n@` becomes a number that no other request of the run has.
local lines, position, number, once = {}, 0, 0, false
local threads = 0

function setup(thread)
   thread:set("share", threads)
   thread:set("shares", tonumber(os.getenv("WRK_PROCESSES")))
   thread.addr = wrk.lookup(wrk.host, tonumber(wrk.port) + threads)[1]
   threads = threads + 1
end

function init(arguments)
   local token = arguments[2]
   number, once = tonumber(arguments[3]) + share * 500000, arguments[4] == "once"
   local turn = 0
   for line in io.lines(arguments[1]) do
      local method, path, body, known = line:match("^(.-)\t(.-)\t(.-)\t(.*)$")
      local headers = { ["Authorization"] = "Bearer " .. token }
      if body ~= "" then headers["Content-Type"] = "application/scim+json" end
      if known ~= "" then headers["If-None-Match"] = known end
      local request = wrk.format(method, path, headers, body ~= "" and body or nil)
      if turn % shares == share then
         table.insert(lines, body:find("@n@", 1, true) and { method, path, headers, body } or request)
      end
      turn = turn + 1
   end
end

function request()
   position = position + 1
   if position > #lines then
      if once then wrk.thread:stop() end
      position = 1
   end
   local line = lines[position]
   if type(line) == "string" then return line end
   number = number + 1
   return wrk.format(line[1], line[2], line[3], (line[4]:gsub("@n@", tostring(number))))
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format("RESULT %d %d %d %d\n", summary.requests, summary.duration,
      errors.connect + errors.read + errors.write + errors.timeout + errors.status, latency:percentile(99)))
end
