# random_model(TARGET RESULT SEED [CLASSES]): compiles make_model.c for the shape of TARGET, runs it on this computer and puts
# the path of the model file into RESULT.
find_program(HOST_CC NAMES cc gcc clang DOC "C compiler for programs that run on this computer")

function(random_model target result seed)
  set(source "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/make_model.c")
  set(maker "${CMAKE_CURRENT_BINARY_DIR}/make_${target}_model")
  set(model "${CMAKE_CURRENT_BINARY_DIR}/${target}.bin")
  get_target_property(include ${ATOME_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES)
  get_target_property(shape ${target} COMPILE_DEFINITIONS)
  list(TRANSFORM shape PREPEND "-D")
  execute_process(COMMAND "${HOST_CC}" ${shape} "-I${include}" "${source}" -o "${maker}" COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND "${maker}" "${model}" ${seed} ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
  set(${result} "${model}" PARENT_SCOPE)
endfunction()
