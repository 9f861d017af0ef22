-- A POST of one entry of SIZE bytes, another one each time. Usage: wrk -s bench/distinct.lua URL -- SIZE RUN
local filler, start
local count = 0

function init(args)
    local size = tonumber(args[1])
    start = string.format("entry of run %s ", args[2])
    filler = string.rep(".", size - #start - 12)
end

function request()
    count = count + 1
    return wrk.format("POST", "/add", nil, start .. string.format("%012d", count) .. filler)
end
