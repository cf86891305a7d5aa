<?php
// Calls a SOAP service with PHP's SoapClient, generated from its WSDL, as SEQR's published sample
// web shop does: php call.php <address of the WSDL>
//
// Reads a JSON object {"operation", "arguments"} from each line of stdin, and writes the response's
// `return` as one line of JSON, or {"fault": its faultstring}. The first line lists the operations.

$client = new SoapClient($argv[1], ['cache_wsdl' => WSDL_CACHE_NONE, 'connection_timeout' => 30]);
echo json_encode($client->__getFunctions()), "\n";
while (($line = fgets(STDIN)) !== false) {
    $call = json_decode($line, true);
    try {
        $response = $client->__soapCall($call['operation'], [$call['arguments']]);
        echo json_encode($response->return), "\n";
    } catch (SoapFault $fault) {
        echo json_encode(['fault' => $fault->faultstring]), "\n";
    }
}
