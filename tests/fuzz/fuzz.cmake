# Runs the fuzzer from fresh seeds: cmake -D FUZZER= -D WRITE_FORMATS= -D FOLDER= -D SECONDS= -P fuzz.cmake
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER}/corpus)
execute_process(COMMAND ${WRITE_FORMATS} ${FOLDER}/seeds 80 48 32 COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${FUZZER} -max_total_time=${SECONDS} -rss_limit_mb=1024 -max_len=200000 -timeout=20 -print_final_stats=1
  -artifact_prefix=${FOLDER}/found- ${FOLDER}/corpus ${FOLDER}/seeds COMMAND_ERROR_IS_FATAL ANY)
